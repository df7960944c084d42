"""Servers that speak what notices are sent by: Telegram's Bot API, a JSON webhook, SMTP. On this machine only."""

from __future__ import annotations

import email
import email.policy
import json
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

TOKEN = "123456:AAE-not_a-real_token"
CHAT = "-100200300"
PASSWORD = "mail-password"


@dataclass
class Received:
    """What came in; `status` is what is answered from now on."""

    url: str = ""
    bodies: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    status: int = 200
    retry_after: int = 0
    redirect: str = ""

    @property
    def texts(self) -> list[str]:
        """All that was said, one text a message."""
        return [text_of(body) for body in self.bodies]


def text_of(body: Any) -> str:
    if isinstance(body, EmailMessage):
        return str(body.get_content()).replace("\r\n", "\n").replace("\n\n", "\n").strip()
    return str(body["text"] if "text" in body else "\n".join(filter(None, (body["title"], body["body"]))))


@contextmanager
def telegram() -> Iterator[Received]:
    """A Bot API of one bot and one chat: sendMessage, with its limits and its words for what is wrong."""
    received = Received()

    def answer(path: str, body: Any) -> tuple[int, Any]:
        if received.status != 200:
            found = {"ok": False, "error_code": received.status, "description": "Too Many Requests: retry after 7"}
            return received.status, {**found, "parameters": {"retry_after": received.retry_after}}
        if path != f"/bot{TOKEN}/sendMessage":
            return 401, {"ok": False, "error_code": 401, "description": "Unauthorized"}
        if str(body["chat_id"]) != CHAT:
            return 400, {"ok": False, "error_code": 400, "description": "Bad Request: chat not found"}
        if not 1 <= len(body["text"]) <= 4096:
            return 400, {"ok": False, "error_code": 400, "description": "Bad Request: message is too long"}
        received.bodies.append(body)
        return 200, {"ok": True, "result": {"message_id": len(received.bodies)}}

    with _http(received, answer) as address:
        received.url = f"telegram://{TOKEN}@{CHAT}?api={address}"
        yield received


@contextmanager
def webhook() -> Iterator[Received]:
    received = Received()

    def answer(path: str, body: Any) -> tuple[int, Any]:
        if received.status == 200:
            received.bodies.append(body if body is not None else path)
        return received.status, {}

    with _http(received, answer) as address:
        received.url = f"{address}/hush-hush"
        yield received


@contextmanager
def _http(received: Received, answer: Any) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self._answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))

        def do_GET(self) -> None:
            self._answer(None)

        def _answer(self, body: Any) -> None:
            received.headers.append(dict(self.headers))
            status, said = answer(self.path, body)
            content = json.dumps(said).encode()
            self.send_response(status)
            if received.redirect:
                self.send_header("Location", received.redirect)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    with _serving(ThreadingHTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield f"http://127.0.0.1:{port}"


@contextmanager
def smtp() -> Iterator[Received]:
    """A mail server that wants a login; `status` other than 200 is its answer to it."""
    received = Received()

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 here")
            while line := self.rfile.readline():
                words = line.decode().strip()
                match words.split(" ")[0].upper():
                    case "EHLO":
                        self._say("250-here\r\n250 AUTH PLAIN")
                    case "AUTH":
                        refused = received.status != 200
                        self._say("535 5.7.8 no, not with " + PASSWORD if refused else "235 welcome")
                    case "DATA":
                        self._say("354 go on")
                        received.bodies.append(self._mail())
                        self._say("250 taken")
                    case "QUIT":
                        self._say("221 bye")
                        return
                    case _:
                        self._say("250 ok")

        def _mail(self) -> EmailMessage:
            lines = iter(self.rfile.readline, b".\r\n")
            whole = b"".join(line[1:] if line.startswith(b"..") else line for line in lines)
            found = email.message_from_bytes(whole, policy=email.policy.default)
            assert isinstance(found, EmailMessage)
            return found

        def _say(self, words: str) -> None:
            self.wfile.write(f"{words}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        allow_reuse_address = True
        daemon_threads = True

    with _serving(Server(("127.0.0.1", 0), Handler)) as port:
        to = "to=trader@example.com&from=bot@example.com"
        received.url = f"smtp://bot:{PASSWORD}@127.0.0.1:{port}/?{to}"
        yield received


@contextmanager
def _serving(server: Any) -> Iterator[int]:
    thread = Thread(target=server.serve_forever, args=[0.02], daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@contextmanager
def dead() -> Iterator[str]:
    """The address of somebody who took the connection and says nothing more."""
    with socketserver.TCPServer(("127.0.0.1", 0), socketserver.BaseRequestHandler) as server:
        yield f"127.0.0.1:{server.server_address[1]}"
