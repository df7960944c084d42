"""A town whose web and trader live in a forked child that is killed; exchange, sender and prices live in the parent.

Parent and child speak over one socket pair: requests to the broker, the sender's alerts, and each answer that the
child's web has given, which is told before the child goes on. What was written there before a kill arrives all the
same, as on a wire. A `Fuse` burns down at each instant at which dying makes a difference, and then it is SIGKILL.
"""

from __future__ import annotations

import base64
import json
import os
import pickle
import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from multiprocessing.connection import Connection, Pipe
from typing import Any, NoReturn

import httpx
from sqlalchemy import Engine, event

from executor.broker.port import Session
from executor.broker.smartapi.credentials import headers_of
from executor.broker.smartapi.wire import Wire, to_app
from executor.trader.accounts import SessionStore
from tests.campaigns.lanes import Message
from tests.campaigns.rig import Rig
from tests.house import ACCOUNT

#: How soon a child's trader looks again; it lives so many looks, if it is let.
_LOOK_S = 0.55
_LOOKS = 10


@dataclass
class Fuse:
    """Counts instants whose name has `on` in it; at the last one this process is killed. `left` 0 never burns down."""

    left: int
    on: str = ""
    last_word: Callable[[str], None] = lambda where: None

    def burn(self, where: str) -> None:
        self.left -= self.on in where
        if self.left == 0 and self.on in where:
            self.blow(where)

    def blow(self, where: str) -> None:
        """Die as by `kill -9`: no handler, no `finally`, no flush."""
        self.last_word(where)
        os.kill(os.getpid(), signal.SIGKILL)


class _Wire(httpx.BaseTransport):
    """The child's way to the exchange; a kill may fall before a request has left, or before its answer is read."""

    def __init__(self, town: Town, link: Connection) -> None:
        self._town = town
        self._link = link

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        route = request.url.path.rsplit("/", 1)[-1]
        self._town.fuse.burn(f"before {route}")
        words = (request.method, str(request.url), list(request.headers.items()), request.read())
        self._link.send(("call", self._town.clock.monotonic(), words))
        self._town.fuse.burn(f"{route} on the wire")
        status, headers, content = self._link.recv()
        self._town.fuse.burn(f"after {route}")
        return httpx.Response(status, headers=headers, content=content)


@dataclass
class Town(Rig):
    """In the parent `link` is None, and the town can be played as any `Rig`."""

    link: Connection | None = None
    fuse: Fuse = field(default_factory=lambda: Fuse(0))

    def a_wire(self) -> Wire:
        if self.link is None:
            return super().a_wire()
        return Wire("http://broker", headers=headers_of(self.secrets), transport=_Wire(self, self.link))

    def live(self, link: Connection, fuse: Fuse) -> None:
        """The child's whole life: start from the rows, answer alerts, trade; killed at the end at the latest."""
        self.link, self.fuse = link, fuse
        fuse.last_word = lambda where: link.send(("died", self.clock.monotonic(), where))
        engine = self.store.database.engine
        engine.dispose(close=False)  # the parent's connections are none of ours
        _watch(engine, fuse)
        self.start()
        for _ in range(_LOOKS):
            self._answer_alerts(link)
            self.pass_time(_LOOK_S)
            self.work()
        fuse.blow("idle")

    def _answer_alerts(self, link: Connection) -> None:
        """Post what the sender has; the answer is told before anything else is done."""
        while True:
            link.send(("alert?", self.clock.monotonic(), ()))
            message: Message | None = link.recv()
            if message is None:
                return
            answer = self.web.post(message.url.removeprefix("http://campaign"), data=message.body)
            self.fuse.burn("before an answer is told")
            link.send(("answered", self.clock.monotonic(), (answer.status_code, json.loads(answer.data).get("signal"))))
            self.work()

    def _session_store(self, epoch: int) -> SessionStore:
        """Sessions must open in the next child, which has none of this one's memory."""
        return SessionStore(
            ledger=self.a_ledger(), account=ACCOUNT, epoch=epoch, seal=_packed, unseal=_unpacked, unseal_code=str
        )


def _packed(session: Session) -> str:
    return base64.b64encode(pickle.dumps(replace(session, calls=()))).decode()


def _unpacked(text: str) -> Session:
    found: Session = pickle.loads(base64.b64decode(text))
    return found


def _watch(engine: Engine, fuse: Fuse) -> None:
    """Burn before every statement of a writing transaction and before every COMMIT of one."""

    @event.listens_for(engine, "before_cursor_execute")
    def before_statement(connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if connection.get_execution_options().get("write"):
            fuse.burn(f"before a statement: {' '.join(statement.split()[:3])}")

    @event.listens_for(engine, "commit")
    def before_commit(connection: Any) -> None:
        if connection.get_execution_options().get("write"):
            fuse.burn("before a COMMIT")


# -- the parent ----------------------------------------------------------------------------------------------------


class ChildFailed(Exception):
    """A child raised instead of dying; the text is its traceback."""


@dataclass
class Keeper:
    """What outlives the children: answers their requests, hands them alerts, keeps what they acknowledged.

    `offer` is asked for the next alert at a moment; `heard` is told what became of the last one: its status (0 when
    the child died over it), signal and message.
    """

    town: Town
    offer: Callable[[], Message | None]
    heard: Callable[[Message, int, str | None], None]
    died: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    _asked: Message | None = None

    def outlive(self, fuse: Fuse, within_s: float | None = None) -> None:
        """Let one child live until it is dead: by its fuse, or by our hand after `within_s` on the wall."""
        town = self.town
        town.store.database.close()
        ours, theirs = Pipe()
        pid = os.fork()
        if pid == 0:
            ours.close()
            _run(town, theirs, fuse)
        theirs.close()
        try:
            unanswered = self._serve(ours, pid, within_s)
        finally:
            ours.close()
            _, status = os.waitpid(pid, 0)
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL, "a child ended otherwise"
        self.kills += 1
        if unanswered is not None:
            self.heard(unanswered, 0, None)

    def _serve(self, link: Connection, pid: int, within_s: float | None) -> Message | None:
        """Until it is dead; returns the alert that it did not live to answer."""
        self._asked = None
        exchange = to_app(self.town.app)
        deadline = None if within_s is None else time.monotonic() + within_s
        while True:
            if deadline is not None and not link.poll(max(0.0, deadline - time.monotonic())):
                os.kill(pid, signal.SIGKILL)
                deadline = None
                self.died["by the clock"] += 1
            try:
                kind, at, words = link.recv()
            except (EOFError, OSError):  # dead; maybe in the middle of a word
                return self._asked
            self.town.pass_time(max(0.0, at - self.town.clock.monotonic()))
            self._take(link, kind, words, exchange)

    def _take(self, link: Connection, kind: str, words: Any, exchange: httpx.BaseTransport) -> None:
        match kind:
            case "call":
                method, url, headers, content = words
                answer = exchange.handle_request(httpx.Request(method, url, headers=headers, content=content))
                _tell(link, (answer.status_code, list(answer.headers.items()), answer.read()))
            case "alert?":
                self._asked = self.offer()
                _tell(link, self._asked)
            case "answered":
                assert self._asked is not None
                message, self._asked = self._asked, None
                self.heard(message, *words)
            case "died":
                self.died[words] += 1
            case _:
                raise ChildFailed(words)


def _tell(link: Connection, words: Any) -> None:
    try:
        link.send(words)
    except OSError:
        return  # it died before it could hear


def _run(town: Town, link: Connection, fuse: Fuse) -> NoReturn:
    """A child never returns to its parent's code."""
    try:
        town.live(link, fuse)
    except BaseException:  # noqa: BLE001 - whatever it is, it is the parent's to tell
        link.send(("failed", 0.0, traceback.format_exc()))
    finally:
        os._exit(1)
