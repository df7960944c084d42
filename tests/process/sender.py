"""Rubbish as fast as one core can send it: `python -m tests.process.sender PORT HOOK_PATH SECONDS TLS(0|1) CAFILE`.

Many connections at once, each sending again as soon as it was answered (or cut off); prints the answers as JSON.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
import time
from collections import Counter
from random import Random

CONNECTIONS = 64


def requests(path: str) -> list[bytes]:
    """A choice of rubbish: large binary, quotes, broken JSON, unknown addresses, wrong methods, malformed HTTP."""
    chance = Random(3)
    bodies = [chance.randbytes(60_000), b'"' * 60_000, b'{"a":' * 12_000, b'{"token": "xt1_' + b"a" * 500 + b'"}', b"x"]
    bodies += [bytes(chance.choice(b'{}[]":,x0 ') for _ in range(size)) for size in (10, 300, 5_000)]
    known = [request("POST", path, body) for body in bodies]
    unknown = [request("POST", f"/hook/trend/{number:026}", b"x") for number in range(len(bodies))]
    return [*known, *unknown, request("GET", path, b""), b"RUBBISH\r\n\r\n", chance.randbytes(300) + b"\r\n\r\n"]


def request(method: str, path: str, body: bytes) -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: executor.example.com\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


async def send(
    port: int, tls: ssl.SSLContext | None, choice: list[bytes], chance: Random, answers: Counter[str]
) -> None:
    name = "executor.example.com" if tls else None
    while True:
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name)
            while True:
                writer.write(chance.choice(choice))
                head = await reader.readuntil(b"\r\n\r\n")
                answers[head[9:12].decode()] += 1
                await reader.readexactly(length_of(head))
                if b"close" in head.lower():
                    break
            writer.close()
        except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            answers["cut off"] += 1


def length_of(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length: ")
    return int(rest.split(b"\r\n")[0]) if rest else 0


async def main(port: int, path: str, seconds: float, cafile: str) -> Counter[str]:
    tls = ssl.create_default_context(cafile=cafile) if cafile else None
    answers: Counter[str] = Counter()
    choice, started = requests(path), time.monotonic()
    tasks = [asyncio.create_task(send(port, tls, choice, Random(n), answers)) for n in range(CONNECTIONS)]
    await asyncio.wait(tasks, timeout=seconds)
    for task in tasks:
        task.cancel()
    answers["a second"] = int((answers.total()) / (time.monotonic() - started))
    return answers


if __name__ == "__main__":
    found = asyncio.run(main(int(sys.argv[1]), sys.argv[2], float(sys.argv[3]), sys.argv[4]))
    print(json.dumps(found))
