"""What a person asks of the broker itself, carried out on the session's thread: look at an order, what would an order
take, convert a position. The first two only ask. Each ends DONE or REFUSED, with an answer: JSON where it is a finding.

A conversion is refused in a contract in which a position of ours lives: its stop and its exits are orders of the old
product, and after it they would open a position instead of closing one. It is put down as begun before its first byte,
so that nobody begins it twice (DESIGN: at most one send).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any, assert_never

from executor.broker.port import Broker
from executor.clock import Clock
from executor.domain.command import Command, CommandKind, CommandState
from executor.domain.conversion import Conversion, Taken
from executor.domain.ids import CallId
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.intent import Call, Refused, Unknown
from executor.domain.order import Side
from executor.domain.reading import Query, QueryKind, Reading, Sketch
from executor.domain.record import CallRow
from executor.domain.strategy import Product
from executor.errors import BrokerError
from executor.store.ledger import Ledger

#: What is told of an order that was looked at, beside its prices.
_FACTS = ("broker_id", "unique_id", "tag", "state", "symbol", "side", "product", "type", "quantity", "filled", "text")
_PRICES = ("price", "trigger", "average")

#: Done or refused, the answer, and the calls that were made.
_Ended = tuple[bool, str, tuple[Call, ...]]

_BEGUN: _Ended = (False, "a trader ended while it was converted: nobody knows; look at the positions at the broker", ())
_HELD = (
    "a strategy holds {}, or is about to: its stop and its exit are orders of the old product. Leave it first: "
    "`executor exit`"
)


class Errands:
    """Carries out the errands of one account, while its lease has this epoch."""

    def __init__(self, *, broker: Broker, ledger: Ledger, epoch: int, clock: Clock, new_id: Callable[[], str]) -> None:
        self._broker = broker
        self._ledger = ledger
        self._epoch = epoch
        self._clock = clock
        self._new_id = new_id

    def run(self, commands: Iterable[Command]) -> None:
        """Carry out errands, one after the other. Raises NotRecorded, LeaseLost with the rest left for later."""
        for command in commands:
            done, text, calls = self._carry_out(command) if command.answer is None else _BEGUN
            now = self._clock.now()
            rows = [CallRow(CallId(self._new_id()), command.account, None, call, 1, call.at) for call in calls]
            if rows:
                say = f"{command.kind} for {command.by}"
                self._ledger.record_calls(command.account, self._epoch, rows, say=say, at=now)
            self._answer(command, CommandState.DONE if done else CommandState.REFUSED, text)

    def refuse(self, commands: Iterable[Command], why: str) -> None:
        for command in commands:
            self._answer(command, CommandState.REFUSED, why if command.answer is None else _BEGUN[1])

    def _answer(self, command: Command, state: CommandState, text: str) -> None:
        self._ledger.answer(command, self._epoch, state, text, at=self._clock.now())

    def _carry_out(self, command: Command) -> _Ended:
        try:
            match command.kind:
                case CommandKind.LOOK:
                    return self._look(command.arguments)
                case CommandKind.MARGIN:
                    return self._margin(command.arguments)
                case CommandKind.CONVERT:
                    return self._convert(command)
                case _:
                    raise AssertionError(f"{command.kind} is no errand")
        except BrokerError as error:
            return False, str(error), (error.call,) if error.call else ()
        except (LookupError, ValueError, ArithmeticError) as error:  # read before anything is sent
            return False, f"its arguments cannot be read: {error!r}", ()

    def _look(self, said: Mapping[str, Any]) -> _Ended:
        reading = self._broker.read(Query(QueryKind.ORDER, unique_id=said["unique_id"]))
        (report,) = reading.reports
        prices = {name: None if (price := getattr(report, name)) is None else str(price) for name in _PRICES}
        told = {**{name: getattr(report, name) for name in _FACTS}, **prices}
        return True, _json(told, at=reading), (reading.call,)

    def _margin(self, said: Mapping[str, Any]) -> _Ended:
        """Both estimates, at the last price where none is given."""
        segment, _, token = said["instrument"].partition(":")
        key, symbol = InstrumentKey(Segment(segment), token), said["symbol"]
        calls: list[Call] = []
        price = said.get("price")
        if price is None:
            last = self._broker.read(Query(QueryKind.LTP, key, symbol))
            assert last.price is not None, "a reading of LTP has it"
            price = last.price.value
            calls.append(last.call)
        sketch = Sketch(symbol, Side(said["side"]), Product(said["product"]), _units(said), Decimal(price))
        margin = self._broker.read(Query(QueryKind.MARGIN, key, sketch=sketch))
        charges = self._broker.read(Query(QueryKind.CHARGES, key, sketch=sketch))
        told = {"price": str(sketch.price), "margin": margin.margin, "charges": charges.charges}
        words = {name: found if isinstance(found, str) else asdict(found) for name, found in told.items() if found}
        return True, _json(words, at=charges), (*calls, margin.call, charges.call)

    def _convert(self, command: Command) -> _Ended:
        said = command.arguments
        if self._ledger.is_held(command.account, said["symbol"]):
            return False, _HELD.format(said["symbol"]), ()
        old, new = Product(said["old"]), Product(said["new"])
        wanted = Conversion(Segment(said["segment"]), said["symbol"], old, new, _units(said))
        self._answer(command, CommandState.NEW, "begun")
        converted = self._broker.convert(wanted)
        match converted.answer:
            case Taken():
                told = f"{wanted.quantity} {wanted.symbol}: {wanted.old} is {wanted.new} now, says the broker"
                return (
                    True,
                    f"{told}; the page Account shows it with the next read, within half a minute",
                    converted.calls,
                )
            case Refused(text=text):
                return False, text, converted.calls
            case Unknown(why=why):
                return False, f"it may have been converted or not ({why}): look at the positions", converted.calls
            case _:
                assert_never(converted.answer)


def _units(said: Mapping[str, Any]) -> int:
    units = int(said["quantity"])
    if units <= 0:
        raise ValueError(f"quantity: {units}")
    return units


def _json(told: Mapping[str, Any], *, at: Reading) -> str:
    return json.dumps({**told, "at": at.ended_at.isoformat()}, default=str)
