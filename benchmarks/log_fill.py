"""A log of many signals, written past the product but as it writes: rows as stored, words by its own functions.

Of each thousand signals some 650 filled, the others came to every other end; beside them are repeats and deliveries
that became no signal. Each that was sent has a position, a leg and an order. There is no audit: pages read its head.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from random import Random
from typing import Any

from executor.clock import IST
from executor.domain.delivery import Delivery, Verdict
from executor.domain.ids import DeliveryId, LegId, SignalId, encode, tag_of
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Action, LaneKey, Outcome, Signal, SignalState
from executor.domain.strategy import Account, AccountKind
from executor.store import schema
from executor.store.engine import Database
from executor.store.log_words import words_of_delivery, words_of_signal
from executor.store.rows import values_of
from executor.store.statements import row_as_stored
from executor.store.store import Store
from executor.store.types import canonical
from tests.builders import a_bracket, a_delivery, a_lane, a_leg, a_signal, a_strategy, an_order

LAST_DAY = datetime(2026, 11, 20, tzinfo=IST)
#: A word that ten comments have, an order that one line has, a strategy and a code that never meet.
RARE, RARE_TIMES = "needlework", 10
STRATEGIES = [f"strategy{number:02}" for number in range(1, 21)]
QUIET = STRATEGIES[-1]
REFUSED_NEVER_QUIET = RefusalCode.COOL_DOWN
ACCOUNTS = {"default": 6, "paper": 3, "second": 1}
TICKERS = [
    f"NSE:{one}{two}{three}"
    for one in "ABKMST"
    for two in ("AR", "HAN", "OLA", "UNI", "ERA")
    for three in ("INDS", "TEX", "PHARM", "BANK", "STEEL", "OIL", "CEM", "TECH", "FIN", "SUG")
]
_DAYS = 250
_CHUNK = 20_000
_OPENING, _SESSION = time(9, 16), timedelta(hours=5, minutes=44)
_COMMENTS = (
    "Long entry",
    "Short exit",
    "TP1 hit",
    "Stop reversal",
    "Breakout above band",
    "Pullback",
    "EOD square",
    "",
)
_CODES = (
    RefusalCode.HALTED,
    RefusalCode.OUTSIDE_WINDOW,
    RefusalCode.TRADES_A_DAY,
    RefusalCode.COOL_DOWN,
    RefusalCode.STALE,
)
_BROKER = "RMS:Margin Exceeds, Required: 21450.20, Available: 18230.00 for entity account across exchange"
#: Outcome, its weight, what is said of it.
_ENDS: dict[Outcome, tuple[int, str]] = {
    Outcome.FILLED: (650, "10 filled at 150.1"),
    Outcome.PARTLY_FILLED: (10, "4 of 10 filled; the entry's time was over"),
    Outcome.NOT_FILLED: (50, "the entry's time was over"),
    Outcome.REFUSED: (150, ""),
    Outcome.REJECTED: (40, _BROKER),
    Outcome.NOT_PLACED: (2, "the order book never showed it"),
    Outcome.EXPIRED: (18, "too old before it could be sent"),
    Outcome.SUPERSEDED: (20, "a newer signal of the lane came first"),
    Outcome.NOTHING_TO_DO: (60, "nothing is held"),
}
_SENT = (Outcome.FILLED, Outcome.PARTLY_FILLED, Outcome.NOT_FILLED, Outcome.REJECTED, Outcome.NOT_PLACED)
#: So many of the newest still work.
_OPEN = 20
_OWN = ("id", "delivery", "strategy", "account", "lane", "key", "action", "state", "outcome", "code", "reason", "plan")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Rows = dict[str, list[dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Filled:
    """Where something is that a reader may look for."""

    order_number: str
    last_day: datetime


def fill_log(store: Store, count: int, say: Callable[[str], None]) -> Filled:
    """Write `count` signals, in parts."""
    now = LAST_DAY.astimezone(UTC)
    for name in ACCOUNTS:
        store.people.add_account(Account(name, AccountKind.PAPER), by="bench", at=now, new_id=lambda: encode(1))
    for name in STRATEGIES:
        store.people.save_strategy(a_strategy(name=name, account="default"), by="bench", at=now)
    maker, last = _Maker(count), None
    for first in range(0, count, _CHUNK):
        last = maker.rows(range(first, min(first + _CHUNK, count)))
        _write(store.database, last)
        say(f"log: {min(first + _CHUNK, count):,} of {count:,} signals written")
    assert last is not None
    number = next(row["broker_id"] for row in last["broker_order"])
    return Filled(number, LAST_DAY)


class _Maker:
    """Makes rows as stored, always the same."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._chance = Random(7)
        self._rare = set(self._chance.sample(range(count), min(RARE_TIMES, count)))
        self._lanes: set[str] = set()
        builders = {
            schema.delivery: a_delivery,
            schema.signal: a_signal,
            schema.lane: a_lane,
            schema.bracket: a_bracket,
            schema.leg: a_leg,
            schema.broker_order: an_order,
        }
        self._forms = {table.name: row_as_stored(table, values_of(build())) for table, build in builders.items()}

    def rows(self, numbers: range) -> Rows:
        found: Rows = defaultdict(list)
        for number in numbers:
            self._add(found, number)
        return found

    def _add(self, found: Rows, number: int) -> None:
        at, chance = self._moment(number), self._chance
        signal = self._signal(number, at)
        found["signal"].append(self._forms["signal"] | _signal_row(signal))
        arrived = {"id": signal.delivery, "strategy": signal.strategy, "received_at": _stamp(at), "body": _BODY}
        found["delivery"].append(self._forms["delivery"] | arrived)
        said: list[str] = []
        if signal.lane not in self._lanes:
            self._lanes.add(signal.lane)
            _, strategy, ticker, trade = signal.lane.split("|")
            lane = {
                "key": signal.lane,
                "account": signal.account,
                "strategy": strategy,
                "ticker": ticker,
                "trade": trade,
            }
            found["lane"].append(self._forms["lane"] | lane)
        if signal.outcome in _SENT:
            said = self._order(found, number, signal, at)
        if signal.state is SignalState.ENDED:
            _words(found, signal.delivery, words_of_signal(signal, said))
        if chance.random() < 0.05:
            self._beside(found, signal, at + timedelta(milliseconds=500))

    def _moment(self, number: int) -> datetime:
        day, part = divmod(number * _DAYS, self._count)
        opening = datetime.combine(LAST_DAY.date() - timedelta(days=_DAYS - 1 - day), _OPENING, IST)
        return (opening + _SESSION * (part / self._count)).astimezone(UTC)

    def _signal(self, number: int, at: datetime) -> Signal:
        chance = self._chance
        strategy = STRATEGIES[min(int(chance.expovariate(0.25)), len(STRATEGIES) - 1)]
        account = chance.choices(list(ACCOUNTS), list(ACCOUNTS.values()))[0]
        ticker = TICKERS[min(int(chance.expovariate(0.02)), len(TICKERS) - 1)]
        [outcome] = chance.choices(list(_ENDS), [weight for weight, _ in _ENDS.values()])
        codes = [code for code in _CODES if strategy != QUIET or code is not REFUSED_NEVER_QUIET]
        code = chance.choice(codes) if outcome is Outcome.REFUSED else None
        is_open = number >= self._count - _OPEN
        action = chance.choice(tuple(Action)[:4])
        comment = RARE if number in self._rare else chance.choice(_COMMENTS)
        fields = {
            "exchange": "NSE",
            "ticker": ticker[4:],
            "action": action.value,
            "comment": comment,
            "price": "150.10",
        }
        return Signal(
            id=SignalId(_id(at, 2)),
            delivery=DeliveryId(_id(at, 1)),
            strategy=strategy,
            strategy_version=1,
            account=account,
            lane=LaneKey(account, strategy, ticker).text,
            key=f"id:{number}",
            action=action,
            fields=fields,
            fired_at=at,
            received_at=at,
            state=SignalState.WORKING if is_open else SignalState.ENDED,
            outcome=None if is_open else outcome,
            code=None if is_open else code,
            reason=None if is_open else Refusal(code).sentence if code else _ENDS[outcome][1],
            plan="asked 10 quantity ⇒ 10; limit 150.15, stop 148.60, target 153.10",
        )

    def _order(self, found: Rows, number: int, signal: Signal, at: datetime) -> list[str]:
        """The position, leg and order of a signal; returns what is said of them."""
        text = _BROKER if signal.outcome is Outcome.REJECTED else ""
        symbol = f"{signal.fields['ticker']}-EQ"
        bracket, leg, order = _id(at, 3), LegId(_id(at, 4)), _id(at, 5)
        common = {"account": signal.account}
        found["bracket"].append(
            self._forms["bracket"]
            | common
            | {"id": bracket, "lane": signal.lane, "strategy": signal.strategy, "symbol": symbol, "state": "CLOSED"}
        )
        found["leg"].append(self._forms["leg"] | common | {"id": leg, "bracket": bracket, "cause": signal.id})
        told = {
            "state": "REJECTED" if text else "FILLED",
            "text": text,
            "filled": 0 if text else 10,
            "average": 1_501_000,
        }
        named = {
            "id": order,
            "leg": leg,
            "tag": tag_of(leg, 1),
            "broker_id": f"{at:%y%m%d}{number:09}",
            "symbol": symbol,
        }
        found["broker_order"].append(self._forms["broker_order"] | common | named | told | {"day": f"{at:%Y-%m-%d}"})
        return [symbol, text] if text else [symbol]

    def _beside(self, found: Rows, signal: Signal, at: datetime) -> None:
        """A delivery that became no signal: every other one a repeat."""
        repeats = self._chance.random() < 0.5
        delivery = Delivery(
            id=DeliveryId(_id(at, 1)),
            strategy=signal.strategy,
            source="52.89.214.238",
            headers={},
            sha256="ab" * 32,
            body='{"v": 1, "token": "xt1_…", "exchange": "NSE", "ticker": "KOLAOIL", "action": "buy"}',
            layers={"address": "passed", "token": "failed"},
            verdict=Verdict.DUPLICATE if repeats else Verdict.REFUSED,
            code=None if repeats else RefusalCode.TOKEN_EXPIRED,
            detail=f"repeats signal {signal.id}" if repeats else "on 2026-06-01",
            of=signal.id if repeats else None,
            received_at=at,
        )
        found["delivery"].append(row_as_stored(schema.delivery, values_of(delivery)))
        _words(found, delivery.id, words_of_delivery(delivery))


#: As long as one of the template.
_BODY = '{"v":"1","token":"xt1_…","padding":"' + "x" * 400 + '"}'


def _stamp(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


def _id(at: datetime, which: int) -> str:
    return encode((_stamp(at) // 1000 << 20) | which)


def _signal_row(signal: Signal) -> dict[str, Any]:
    """What is its own of a signal, as stored."""
    stamps = {"fired_at": _stamp(signal.fired_at), "received_at": _stamp(signal.received_at)}
    return {name: getattr(signal, name) for name in _OWN} | stamps | {"fields": canonical(signal.fields)}


def _words(found: Rows, delivery: str, words: set[str]) -> None:
    found["log_word"] += [{"word": word, "delivery": delivery} for word in words]


# -- rows, many at once --------------------------------------------------------------------------------------------


def _write(database: Database, rows: Rows) -> None:
    """One transaction; words in the order of their key, which spares their tree most of the way."""
    rows["log_word"].sort(key=lambda row: (row["word"], row["delivery"]))
    connection = database.engine.raw_connection()
    driver: Any = connection.driver_connection
    if database.is_sqlite:
        driver.execute("PRAGMA foreign_keys=OFF")
        driver.execute("PRAGMA synchronous=OFF")
        driver.execute("BEGIN")
    for table in schema.metadata.sorted_tables:
        if found := rows.get(table.name):
            names = [column.name for column in table.columns]
            put = _executed if database.is_sqlite else _copied
            put(driver, table.name, names, ([row[name] for name in names] for row in found))
    driver.execute("COMMIT") if database.is_sqlite else driver.commit()
    connection.invalidate()  # its settings were for this only


def _executed(driver: Any, table: str, names: Sequence[str], rows: Iterator[list[Any]]) -> None:
    columns, places = ", ".join(f'"{name}"' for name in names), ", ".join("?" * len(names))
    driver.executemany(f'INSERT INTO "{table}" ({columns}) VALUES ({places})', rows)


def _copied(driver: Any, table: str, names: Sequence[str], rows: Iterator[list[Any]]) -> None:
    columns = ", ".join(f'"{name}"' for name in names)
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table}" ({columns}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row(row)
