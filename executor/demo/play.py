"""The play: eight alerts as TradingView would send them, and how the market moves between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event as Flag
from typing import Any

from executor.demo.stage import DemoFailed, Stage, json_lines

_PATIENCE_S = 20.0
_LOOK_AGAIN_S = 0.3

TOKENS = {"SBIN": "3045", "RELIANCE": "2885", "INFY": "1594"}
#: strategy → ticker and the options it is added with
STRATEGIES: dict[str, tuple[str, list[str]]] = {
    "breakout": ("SBIN", ["--quantity", "10", "--stop-loss", "1%", "--take-profit", "1%"]),
    "fade": ("RELIANCE", ["--quantity", "4", "--stop-loss", "0.5%", "--take-profit", "2%", "--short", "intraday-cash"]),
    "trend": ("INFY", ["--quantity", "6", "--stop-loss", "1%", "--take-profit", "3%"]),
    "typo": ("NOSUCHCO", ["--quantity", "1", "--stop-loss", "1%"]),
}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Expected:
    """What should come of an alert: HTTP status, outcome, and by leg the exchange's status and filled quantity."""

    status: int
    outcome: str
    orders: Mapping[str, tuple[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sent:
    """One alert as it was sent, and what came back."""

    title: str
    status: int | None
    delivery: str | None
    expected: Expected


@dataclass(frozen=True, slots=True)
class Position:
    """What TradingView's placeholders say of a strategy's position."""

    action: str
    prev: str
    now: str
    size: int


class Play:
    """Send the alerts one after another; each waits until the book shows what the next needs."""

    def __init__(self, stage: Stage, say: Say) -> None:
        self._stage = stage
        self._say = say
        self._bodies: dict[str, tuple[str, Path]] = {}
        self._first: Mapping[str, str] = {}
        self.sent: list[Sent] = []

    def set_up(self) -> None:
        """Add the strategies. Their messages, which hold tokens, lie beside the state dir: they are TradingView's."""
        folder = self._stage.state_dir.parent / "tradingview"
        folder.mkdir()
        for name, (ticker, options) in STRATEGIES.items():
            limits = ["--max-quantity", "20", "--account", "default", "--product", "intraday"]
            self._stage.command("strategy", "add", name, "--tickers", f"NSE:{ticker}", *limits, *options)
            issued = json.loads(self._stage.command("alert", "template", name, "--json"))
            body = folder / f"{name}.json"
            body.write_text(issued["body"])
            self._bodies[name] = (issued["url"], body)

    def perform(self) -> None:
        """All of them, in the order of the table, into `sent`. Raises DemoFailed when one is waited for in vain."""
        self._long_to_target()
        self._short_to_stop()
        self._exit_by_alert()
        self._four_that_must_not_trade()

    # -- acts --------------------------------------------------------------------------------------------------

    def _long_to_target(self) -> None:
        self._price("SBIN", "800")
        self._say("long SBIN at 800, stop 1 %, target 1 %")
        self._first = self._values("breakout", Position("buy", "flat", "long", 10), "800")
        orders = {"ENTRY": ("complete", 10), "STOP": ("cancelled", 0), "TARGET": ("complete", 10)}
        self._send("long, target hit", "breakout", self._first, Expected(202, "FILLED", orders))
        self._until("its stop and target rest", lambda: self._resting("SBIN-EQ") == 2)
        self._say("SBIN trades at 809: the target fills, the stop must go")
        self._price("SBIN", "809")
        self._until("the position is flat and nothing rests", lambda: self._settled("SBIN-EQ"))

    def _short_to_stop(self) -> None:
        self._price("RELIANCE", "1500")
        self._say("short RELIANCE at 1500, stop 0.5 %, target 2 %")
        values = self._values("fade", Position("sell", "flat", "short", 4), "1500")
        orders = {"ENTRY": ("complete", 4), "STOP": ("complete", 4), "TARGET": ("cancelled", 0)}
        self._send("short, stop hit", "fade", values, Expected(202, "FILLED", orders))
        self._until("its stop and target rest", lambda: self._resting("RELIANCE-EQ") == 2)
        self._say("RELIANCE trades at 1508: the stop triggers and fills, the target must go")
        self._price("RELIANCE", "1508")
        self._until("the position is flat and nothing rests", lambda: self._settled("RELIANCE-EQ"))

    def _exit_by_alert(self) -> None:
        self._price("INFY", "1400")
        self._say("long INFY at 1400, then an exit alert")
        opened = self._values("trend", Position("buy", "flat", "long", 6), "1400")
        orders = {"ENTRY": ("complete", 6), "STOP": ("cancelled", 0), "TARGET": ("complete", 6)}
        self._send("long, held", "trend", opened, Expected(202, "FILLED", orders))
        self._until("our book shows its stop and target", lambda: self._shown("trend") == 2)
        closed = self._values("trend", Position("sell", "long", "flat", 0), "1400")
        self._send("exit alert", "trend", closed, Expected(202, "FILLED"))
        self._until("the position is flat and nothing rests", lambda: self._settled("INFY-EQ"))

    def _four_that_must_not_trade(self) -> None:
        self._say("a duplicate, a forged, a stale alert, and one for an unknown symbol")
        again = Position("buy", "flat", "long", 10)
        self._send("duplicate", "breakout", self._first, Expected(200, "DUPLICATE"))
        self._send(
            "forged token", "breakout", self._values("breakout", again, "800"), Expected(401, "REFUSED"), forge=True
        )
        old = self._values("breakout", again, "800", age_s=300)
        self._send("stale, 5 minutes", "breakout", old, Expected(202, "EXPIRED"))
        unknown = self._values("typo", Position("buy", "flat", "long", 1), "10")
        self._send("unknown symbol", "typo", unknown, Expected(202, "REFUSED"))
        self._until("every signal has ended", self._all_ended)

    # -- tools -------------------------------------------------------------------------------------------------

    def _values(self, name: str, position: Position, price: str, *, age_s: int = 0) -> dict[str, str]:
        ticker = STRATEGIES[name][0]
        now = datetime.fromisoformat(self._stage.control("state")["now"]).astimezone(UTC) - timedelta(seconds=age_s)
        held = str(position.size)
        return {
            "ticker": ticker,
            "exchange": "NSE",
            "strategy.order.action": position.action,
            "strategy.market_position": position.now,
            "strategy.market_position_size": held,
            "strategy.prev_market_position": position.prev,
            "strategy.prev_market_position_size": "0" if position.prev == "flat" else "6",
            "strategy.order.id": position.action,
            "strategy.order.comment": "",
            "strategy.order.price": price,
            "close": price,
            "interval": "5",
            "time": f"{now:%Y-%m-%dT%H:%M:00Z}",
            "timenow": f"{now:%Y-%m-%dT%H:%M:%SZ}",
        }

    def _send(
        self, title: str, name: str, values: Mapping[str, str], expected: Expected, *, forge: bool = False
    ) -> None:
        url, body = self._bodies[name]
        if forge:
            body = _forged(body)
        words = [word for key, value in values.items() for word in ("--set", f"{key}={value}")]
        told = self._stage.command("alert", "send", "--url", url, "--body", str(body), *words, "--json", fails=True)
        answer = json.loads(told)
        self.sent.append(Sent(title, answer["status"], answer["answer"].get("delivery"), expected))

    def _price(self, ticker: str, price: str) -> None:
        self._stage.control("price", {"exchange": "NSE", "token": TOKENS[ticker], "ltp": price})

    def _orders(self, symbol: str) -> list[dict[str, Any]]:
        return [order for order in self._stage.control("state")["orders"] if order["symbol"] == symbol]

    def _resting(self, symbol: str) -> int:
        return sum(order["status"] in {"open", "trigger pending"} for order in self._orders(symbol))

    def _shown(self, strategy: str) -> int:
        """Orders of a strategy that the order book showed us resting."""
        lines = json_lines(self._stage.command("audit", "list", "--strategy", strategy, "--json"))
        return sum(order["status"] == "ACCEPTED" for line in lines for order in line["orders"])

    def _settled(self, symbol: str) -> bool:
        orders = self._orders(symbol)
        sign = {"BUY": 1, "SELL": -1}
        flat = sum(sign[order["side"]] * order["filled"] for order in orders) == 0
        return bool(orders) and flat and self._resting(symbol) == 0 and self._all_ended()

    def _all_ended(self) -> bool:
        lines = json_lines(self._stage.command("audit", "list", "--json"))
        return all(line["state"] not in {"RECEIVED", "WORKING"} for line in lines)

    def _until(self, what: str, holds: Callable[[], bool]) -> None:
        """Wait until something holds at the exchange. Raises DemoFailed after a while."""
        pause = Flag()
        for _ in range(int(_PATIENCE_S / _LOOK_AGAIN_S)):
            if holds():
                return
            pause.wait(_LOOK_AGAIN_S)
        raise DemoFailed(f"waited {_PATIENCE_S:.0f} s in vain until {what}")


def _forged(body: Path) -> Path:
    """The same message with one character of its token changed."""
    text = body.read_text()
    at = text.index("xt1_") + 40
    forged = body.with_suffix(".forged")
    forged.write_text(text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :])
    return forged
