"""Real processes, killed again and again while alerts come: `python -m tests.campaigns.soak --kills 150`, `make kills`.

One town a store: gunicorn, trader and simulator over HTTP, on the lanes of the simulated days. Every few seconds web,
trader or both are killed with SIGKILL and started again. Afterwards the same checkers as for a day look at it. Some
two alerts in five seconds: more would only be refused, since the limits allow 950 writes an hour.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from random import Random
from subprocess import Popen
from typing import Any

from sqlalchemy import func, select

from executor import bootstrap
from executor.alerts.address import hook_url
from executor.alerts.placeholders import render
from executor.alerts.template import Style, build
from executor.bootstrap.master import refresh_master
from executor.config.environment import open_settings
from executor.domain.signal import SignalState
from executor.store import schema
from tests.campaigns.checkers import check
from tests.campaigns.lanes import Lane, Message, Post, lanes, strategies
from tests.campaigns.results import commit_of_sources
from tests.campaigns.stores import in_memory
from tests.campaigns.truth import Truth, rows_of, unprotected
from tests.postgres import Server, private_cluster
from tests.process.conftest import Town, a_town, eventually, feeds_of, kill

#: Seconds between two kills, and between two alerts.
_KILL_S = (1.5, 6.5)
_ALERT_S = 2.5
_VICTIMS = (("trader",), ("trader",), ("web",), ("web", "trader"))
_TRIES = 20
_REST_S = 180
#: What a checker of simulated time cannot say of real processes is left out: exact windows, who was told what.
_CHECKERS = ("lost", "duplicated", "orphans", "reversed", "reconciled first", "in session", "audited", "discreet")


@dataclass
class Sender:
    """TradingView: in and out of all lanes in turn, each alert again until it is answered."""

    town: Town
    seed: int
    posts: list[Post] = field(default_factory=list)
    stopped: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._random = Random(f"{self.seed}/soak")
        self._held: set[Lane] = set()
        self._prices = {key: Decimal(price) for key, price in self.town.control("state")["prices"].items()}
        settings = open_settings(self.town.environ)
        self._keys = bootstrap.open_keys(settings)
        self._templates = dict(self._build(settings.public_url))

    def _build(self, public_url: str) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
        ids = bootstrap.make_ids(self.town.clock, self.town.store.recovery)
        for strategy in strategies():
            self.town.store.people.save_strategy(strategy, by="soak", at=self.town.now())
            for action in ("buy", "exit"):
                made = build(
                    strategy,
                    style=Style.INDICATOR,
                    settings={"action": action},
                    keys=self._keys,
                    alert_id=ids.new(),
                    now=self.town.now(),
                )
                self.town.store.people.issue_alert(made.issued)
                yield (strategy.name, action), (hook_url(self._keys, strategy, public_url), made.body)

    def run(self) -> None:
        """Send until stopped, then leave every lane."""
        while not self.stopped.wait(_ALERT_S):
            lane = self._random.choice(lanes())
            self._move(lane)
            self.send(lane, "exit" if lane in self._held else "buy")

    def leave(self) -> None:
        for lane in lanes():
            self.send(lane, "exit")

    def send(self, lane: Lane, action: str) -> None:
        """One alert, fired now; sent again while nobody answers."""
        (self._held.add if action == "buy" else self._held.discard)(lane)
        message = self._message(lane, action)
        for _ in range(_TRIES):
            post = self._post(message)
            self.posts.append(post)
            if 200 <= post.status < 300:
                return
            time.sleep(0.5)

    def _message(self, lane: Lane, action: str) -> Message:
        url, body = self._templates[lane.strategy, action]
        values = {
            "ticker": lane.share.ticker,
            "exchange": lane.share.exchange,
            "close": str(self._prices[lane.share.key]),
            "interval": "5",
            "timenow": f"{self.town.now():%Y-%m-%dT%H:%M:%SZ}",
        }
        return Message(lane, action, url, render(body, values).encode())

    def _post(self, message: Message) -> Post:
        host, _, path = message.url.removeprefix("http://").partition("/")
        connection = http.client.HTTPConnection(host, timeout=5)
        status, told = 0, {}
        try:
            connection.request("POST", f"/{path}", body=message.body)
            answer = connection.getresponse()
            status, told = answer.status, json.loads(answer.read() or b"{}")
        except (OSError, http.client.HTTPException, ValueError):
            status = 0
        finally:
            connection.close()
        return Post(self.town.now(), message, status, told.get("signal"))

    def _move(self, lane: Lane) -> None:
        """The price of a lane moves, now and then to its stop or target."""
        share = lane.share
        move = self._random.choice((0.001, -0.001, 0.003, -0.011, 0.021))
        tick = Decimal(share.tick)
        self._prices[share.key] = round(self._prices[share.key] * Decimal(str(1 + move)) / tick) * tick
        self.town.control(
            "price", {"exchange": share.exchange, "token": share.token, "ltp": str(self._prices[share.key])}
        )


@dataclass
class Soak:
    """A town under fire."""

    town: Town
    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    lives: list[datetime] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._random = Random(f"{self.seed}/kills")
        self._running: dict[str, Popen[bytes]] = {}
        refresh_master(open_settings(self.town.environ), self.town.store)

    def run(self, kills: int) -> Truth:
        """Kill so often, then let everything come to rest; what was true."""
        sender = Sender(self.town, self.seed)
        self._start("web", "trader")
        eventually(lambda: self.town.get("/readyz") == 200)
        sending = threading.Thread(target=sender.run)
        sending.start()
        try:
            while self.kills.total() < kills:
                self._kill_some()
        finally:
            sender.stopped.set()
            sending.join()
        eventually(lambda: self.town.get("/readyz") == 200, within_s=90)
        sender.leave()
        eventually(self._is_at_rest, within_s=_REST_S)
        return self._truth(sender)

    def _kill_some(self) -> None:
        time.sleep(self._random.uniform(*_KILL_S))
        victims = self._random.choice(_VICTIMS)
        for name in victims:
            kill(self._running[name])
            self.kills[name] += 1
        time.sleep(0.2)  # what was on the wire arrives
        self._start(*victims)
        text = f"{self.kills.total()} kills {dict(self.kills)}"
        print(text, file=sys.stderr, flush=True)

    def _start(self, *names: str) -> None:
        for name in names:
            if name == "trader":
                self.lives.append(self.town.now())
            self._running[name] = self.town.start("executor", name)

    def _is_at_rest(self) -> bool:
        open_ = select(func.count()).select_from(schema.signal).where(schema.signal.c.state != SignalState.ENDED)
        with self.town.store.database.read() as connection:
            waiting = connection.execute(open_).scalar_one()
        rows = self.town.control("state")
        working = [order for order in rows["orders"] if order["status"] in {"open", "trigger pending"}]
        return not waiting and not working and not any(row["net"] for row in rows["positions"])

    def _truth(self, sender: Sender) -> Truth:
        secrets = {
            "pin in a body": f'"password":"{self.town.environ["SMARTAPI_PIN"]}"',
            "api key": self.town.environ["SMARTAPI_API_KEY"],
            "totp secret": self.town.environ["SMARTAPI_TOTP_SECRET"],
        }
        return Truth(
            state=self.town.control("state"),
            posts=sender.posts,
            lives=self.lives,
            noted=(),
            secrets=secrets,
            **rows_of(self.town.store.database),
        )


def report_of(soak: Soak, truth: Truth, kind: str) -> dict[str, Any]:
    """The sums, and what each checker said."""
    violations = check(truth, _CHECKERS)
    spans = sorted(span.seconds for span in unprotected(truth))
    told = {post.signal for post in truth.posts if 200 <= post.status < 300}
    return {
        "what": "kills",
        "store": kind,
        "seed": soak.seed,
        "commit": commit_of_sources(),
        "kills": soak.kills.total(),
        "victims": dict(soak.kills),
        "acknowledged": len(told),
        "unanswered": sum(post.status == 0 for post in truth.posts),
        "outcomes": dict(Counter(row.outcome for row in truth.signals.values())),
        "fills": len(truth.state["fills"]),
        "longest_unprotected_s": spans[-1] if spans else 0.0,
        "lost": len(violations.get("lost", [])),
        "doubled": len(violations.get("duplicated", [])),
        "violations": violations,
    }


@contextmanager
def _url(kind: str, home: Path) -> Iterator[str]:
    if kind == "sqlite":
        yield f"sqlite:///{home}/executor.db"
        return
    with private_cluster() as cluster:
        server = Server(cluster.url)
        with server.empty() as url:
            yield url
        server.close()


def main(words: Iterable[str] | None = None) -> int:
    options = _options(words)
    with (
        tempfile.TemporaryDirectory(dir=in_memory()) as home,
        _url(options.store, Path(home)) as url,
        a_town(url, Path(home)) as town,
    ):
        environ = town.environ | (feeds_of(town) if options.feeds else {})
        soak = Soak(replace(town, environ=environ), options.seed)
        report = report_of(soak, soak.run(options.kills), options.store)
        report["what"] += "-feeds" * options.feeds
    if options.report:
        Path(options.report).write_text(json.dumps(report, indent=1, sort_keys=True) + "\n")
    print(json.dumps(report) if options.json else _lines(report))
    return 1 if report["violations"] else 0


def _lines(report: Mapping[str, Any]) -> str:
    return "\n".join(f"{name:22} {value}" for name, value in report.items())


def _options(words: Iterable[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.campaigns.soak", description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="how many processes are killed (20)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--store", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--feeds", action="store_true", help="the trader hears both feeds")
    parser.add_argument("--report", help="write what came of it to this file, as JSON")
    parser.add_argument("--json", action="store_true", help="print it as one JSON value")
    return parser.parse_args(list(words) if words is not None else None)


if __name__ == "__main__":
    os.environ.setdefault("WEB_CONCURRENCY", "1")
    sys.exit(main())
