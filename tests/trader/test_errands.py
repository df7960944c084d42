"""A person's errands, end to end: recorded, carried out by the session's thread over the simulator, answered once."""

from __future__ import annotations

import json
from datetime import datetime, time
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from executor.clock import IST, ManualClock
from executor.domain.command import Command, CommandKind, CommandState
from executor.domain.ids import BrokerOrderId, Ids, IntentId, OrderId, OrderTag
from executor.domain.intent import Accepted, Intent, IntentKind, OrderRequest, PermitClass
from executor.domain.order import OrderType, Side
from executor.domain.strategy import Product
from executor.simulator import SimulatorConfig
from executor.store import schema
from executor.store.accounts import Accounts, Snapshot
from executor.store.store import Store
from tests.house import ACCOUNT, SBIN
from tests.trader.kept_house import KeptHouse

KEEP = {"segment": "NSE", "symbol": "SBIN-EQ", "old": "INTRADAY", "new": "DELIVERY", "quantity": 4}
TEN = {"instrument": "NSE:3045", "symbol": "SBIN-EQ", "side": "BUY", "product": "INTRADAY", "quantity": 10}


@pytest.fixture
def house(store: Store, clock: ManualClock, ids: Ids) -> KeptHouse:
    made = KeptHouse(store, clock, ids, simulator=SimulatorConfig(seed=3))
    made.price("800")
    made.run(3)
    return made


def ask(house: KeptHouse, kind: CommandKind, **arguments: Any) -> Command:
    """Give an errand, and its command two seconds later."""
    made = house.store.commands.record(
        kind, scope=f"account:{ACCOUNT}", arguments=arguments, by="cli", why="", at=house.clock.now()
    )
    house.run(2)
    (found,) = house.store.commands.answers(made)
    return found


def buy_by_hand(house: KeptHouse, quantity: int = 10) -> None:
    """An order without our tag, as one of the broker's app."""
    tag, number = OrderTag("by-hand"), "9" * 13
    request = OrderRequest(
        SBIN, "SBIN-EQ", Side.BUY, Product.INTRADAY, OrderType.LIMIT, quantity, Decimal("805.00"), None, tag
    )
    at = house.clock.now()
    intent = Intent(
        IntentId(number), OrderId(number), ACCOUNT, IntentKind.PLACE, PermitClass.ENTER, request, created_at=at
    )
    assert isinstance(house.broker.send(intent).answer, Accepted)


def positions(house: KeptHouse) -> dict[str, int]:
    return {row["product"]: row["net"] for row in house.state()["positions"]}


def calls(house: KeptHouse, route: str) -> list[Any]:
    table = schema.broker_call
    with house.store.database.read() as connection:
        return list(connection.execute(select(table).where(table.c.route == route)))


def test_an_order_is_looked_at_by_its_unique_id(house: KeptHouse) -> None:
    house.long()
    (order,) = house.orders(side="BUY")

    command = ask(house, CommandKind.LOOK, unique_id=order["uniqueorderid"])

    told = json.loads(command.answer or "")
    assert command.state is CommandState.DONE
    assert (told["broker_id"], told["state"], told["filled"]) == (BrokerOrderId(order["orderid"]), "FILLED", 10)
    assert len(calls(house, "details")) == 1


def test_what_an_order_would_take_and_cost_is_told_at_the_last_price_and_nothing_is_sent(house: KeptHouse) -> None:
    command = ask(house, CommandKind.MARGIN, **TEN)

    told = json.loads(command.answer or "")
    assert Decimal(told["price"]) == 800
    assert Decimal(told["margin"]["total"]) == 1600  # a fifth of the value
    assert Decimal(told["charges"]["total"]) > 0
    assert house.orders() == []
    assert len(calls(house, "batch")) == len(calls(house, "estimateCharges")) == 1


def test_a_refresh_reads_funds_holdings_and_positions_anew(house: KeptHouse) -> None:
    house.run(3)
    before = len(house.requests("getRMS"))
    positions_before = len(house.requests("getPosition"))
    buy_by_hand(house)
    asked_at = house.clock.now()

    command = ask(house, CommandKind.REFRESH)

    assert command.state is CommandState.DONE
    assert command.answer == "funds and holdings were read anew; positions are read within seconds"
    assert len(house.requests("getRMS")) == before + 1
    assert len(house.requests("getPosition")) == positions_before + 1  # the desk's, in its own pace
    snapshots = [shown(house, kind) for kind in ("FUNDS", "HOLDINGS", "POSITIONS")]
    assert min(one.at for one in snapshots) >= asked_at
    assert [row["quantity"] for row in snapshots[2].body["positions"]] == [10]


def shown(house: KeptHouse, kind: str) -> Snapshot:
    """What the page Account shows."""
    (found,) = Accounts(house.store.database).snapshots(kind)
    return found


def test_with_a_price_no_other_is_asked_for(house: KeptHouse) -> None:
    before = len(house.requests("getLtpData"))

    command = ask(house, CommandKind.MARGIN, **TEN, price="750.00")

    assert Decimal(json.loads(command.answer or "")["margin"]["total"]) == 1500
    assert len(house.requests("getLtpData")) == before


def test_a_position_of_somebody_else_goes_on_under_another_product(house: KeptHouse) -> None:
    buy_by_hand(house)
    house.run(2)

    command = ask(house, CommandKind.CONVERT, **KEEP)

    assert command.state is CommandState.DONE
    assert positions(house) == {"INTRADAY": 6, "DELIVERY": 4}
    assert len(calls(house, "convertPosition")) == 1
    assert [text.rpartition(": ")[2] for text in house.said("command")][-2:-1] == ["begun"]


def test_a_contract_that_a_strategy_holds_is_not_converted(house: KeptHouse) -> None:
    house.long()

    command = ask(house, CommandKind.CONVERT, **KEEP)

    assert command.state is CommandState.REFUSED
    assert "a strategy holds SBIN-EQ" in (command.answer or "")
    assert house.requests("convertPosition") == []
    assert house.stopped() == 10


def test_a_conversion_that_was_begun_is_never_begun_again(house: KeptHouse) -> None:
    buy_by_hand(house)
    made = house.store.commands.record(
        CommandKind.CONVERT, scope=f"account:{ACCOUNT}", arguments=KEEP, by="cli", why="", at=house.clock.now()
    )
    (command,) = house.store.commands.answers(made)
    lease = house.store.ledger.lease(ACCOUNT)
    assert lease is not None
    house.store.ledger.answer(command, lease.epoch, CommandState.NEW, "begun", at=house.clock.now())

    house.start()  # the trader ended right after it had said so
    house.run(10)

    (after,) = house.store.commands.answers(made)
    assert after.state is CommandState.REFUSED
    assert "nobody knows" in (after.answer or "")
    assert house.requests("convertPosition") == []


def test_while_no_session_is_open_an_errand_is_refused_at_once(house: KeptHouse) -> None:
    night = datetime.combine(house.clock.now().astimezone(IST), time(23, 50), IST)
    house.clock.set(night)
    house.run(2)

    command = ask(house, CommandKind.LOOK, unique_id="any")

    assert command.state is CommandState.REFUSED
    assert "no session" in (command.answer or "")
    assert house.requests("details") == []


@pytest.mark.parametrize("wrong", [{"quantity": 0}, {"quantity": -4}, {"quantity": "many"}, {"new": "NRML"}])
def test_a_conversion_of_what_cannot_be_is_not_begun(house: KeptHouse, wrong: dict[str, Any]) -> None:
    buy_by_hand(house)
    house.run(2)

    command = ask(house, CommandKind.CONVERT, **{**KEEP, **wrong})

    assert command.state is CommandState.REFUSED
    assert not any(text.endswith(": begun") for text in house.said("command"))
    assert house.requests("convertPosition") == []


@pytest.mark.parametrize("kind", ["look", "margin", "convert"])
def test_an_errand_that_cannot_be_read_is_answered_and_holds_nothing_up(house: KeptHouse, kind: str) -> None:
    command = ask(house, CommandKind(kind), quantity="many", price="low", segment="MOON", instrument="", symbol="X")

    assert command.state is CommandState.REFUSED
    assert "cannot be read" in (command.answer or "")


FAULTS: dict[str, dict[str, Any]] = {
    "delay": {"seconds": 0.01},
    "cut_before": {},
    "cut_after": {},
    "rate": {},
    "html": {},
    "empty": {},
    "refuse": {"code": "AB2001", "message": "Internal Error"},
    "status": {"status": 502, "body": "<html>"},
}
ROUTES = {
    "details": CommandKind.LOOK,
    "batch": CommandKind.MARGIN,
    "estimateCharges": CommandKind.MARGIN,
    "convertPosition": CommandKind.CONVERT,
}


@pytest.mark.parametrize("route", ROUTES)
def test_whatever_happens_to_the_call_the_errand_ends_once_and_is_not_repeated(house: KeptHouse, route: str) -> None:
    buy_by_hand(house, 30)
    house.run(2)
    unique = house.orders()[0]["uniqueorderid"]
    said = {CommandKind.LOOK: {"unique_id": unique}, CommandKind.MARGIN: TEN, CommandKind.CONVERT: KEEP}[ROUTES[route]]
    table = []
    for kind, more in FAULTS.items():
        before = len(house.requests(route))
        house.fault(route, kind, **more)

        command = ask(house, ROUTES[route], **said)

        assert len(house.requests(route)) == before + 1
        assert command.state is (CommandState.DONE if kind == "delay" else CommandState.REFUSED), (kind, command)
        table.append(f"{route:16} {kind:11} {command.state:8} {(command.answer or '')[:90]}")
    print("\n".join(table))
    if ROUTES[route] is CommandKind.CONVERT:
        assert positions(house)["DELIVERY"] == 2 * KEEP["quantity"]  # with `delay` and `cut_after` it was done
