"""A price feed that sends as much as a busy morning: every subscribed instrument ten times a second.

It prints its address and serves until it is stopped; it runs in a process of its own, so that its work is not ours.
"""

from __future__ import annotations

import json
import signal
import struct
import time
from contextlib import suppress
from threading import Event, Thread

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve

PACKETS_A_SECOND = 10
_HEAD = struct.Struct("<BB25sqqq")


def main() -> None:
    """Serve until stopped."""
    stopped = Event()
    signal.signal(signal.SIGTERM, lambda *_: stopped.set())
    server = serve(lambda socket: _serve(socket, stopped), "127.0.0.1", 0, compression=None, ping_interval=None)
    Thread(target=server.serve_forever, daemon=True).start()
    print(json.dumps({"url": f"ws://127.0.0.1:{server.socket.getsockname()[1]}/smart-stream"}), flush=True)
    stopped.wait()


def _serve(socket: ServerConnection, stopped: Event) -> None:
    """One packet at a time, evenly spread: the dearest way to hear them."""
    with suppress(ConnectionClosed):
        asked = json.loads(socket.recv())
        groups = asked["params"]["tokenList"]
        tokens = [(one["exchangeType"], token.encode()) for one in groups for token in one["tokens"]]
        gap, number, due = 1 / (len(tokens) * PACKETS_A_SECOND), 0, time.monotonic()
        while not stopped.is_set():
            exchange, token = tokens[number % len(tokens)]
            number += 1
            socket.send(_HEAD.pack(1, exchange, token, number, number, 80000 + number % 500))
            due += gap
            wait = due - time.monotonic()
            if wait > 0:
                time.sleep(wait)


if __name__ == "__main__":
    main()
