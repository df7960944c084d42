"""A day with 200 signals and what goes wrong on one: lived through by a whole trader over the simulator.

What needs no trading (refusals, repeats, what was no alert) is many at a time, so that the day takes a few seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from executor.broker.smartapi.master import read_row
from executor.clock import ManualClock
from executor.domain.delivery import Verdict
from executor.domain.ids import DeliveryId, Ids, SignalId
from executor.domain.reading import QueryKind
from executor.domain.record import Halt, HaltKind
from executor.domain.refusal import RefusalCode
from executor.domain.strategy import Account, AccountKind
from executor.instruments.refresh import refresh
from executor.store.store import Store
from tests.builders import a_delivery, a_strategy
from tests.house import ACCOUNT, House, rails
from tests.instruments.builders import SENTINEL_ROWS, index, row, share
from tests.test_findings import GOOD

#: The longest name a strategy may have: where it fits, every other does.
LONG_NAME = "nifty-weekly-expiry-day-straddle-v12-abc"
TRADES, NOTHING_HELD, TOO_OLD, UNKNOWN, REFUSED = 14, 60, 50, 40, 36
NO_FUNDS = (
    "RMS:Margin Exceeds,Required:152340.50, Available:98210.25 for entity account-D1234567 across exchange across "
    "segment across product"
)
EVIL = '{"action": "buy", "comment": "<script>alert(1)</script>", "ticker": "' + "VERYLONG" * 12 + '"}'


@dataclass
class Day:
    """The trader, and where its interesting signals are."""

    house: House
    rejected: SignalId
    deliveries: list[DeliveryId] = field(default_factory=list)

    @property
    def paths(self) -> list[str]:
        """Pages with an address of their own."""
        return [f"/signals/{self.rejected}", f"/deliveries/{self.deliveries[-1]}"]


def a_day(store: Store, clock: ManualClock, ids: Ids) -> Day:
    """Live through it. Ends with two open positions, one strategy halted and a live account that nobody started."""
    house = House(store, clock, ids, strategy=a_strategy(account=ACCOUNT, rails=rails()))
    _take_table(store, clock, ids)
    store.people.add_account(Account("family-huf", AccountKind.LIVE), by="test", at=clock.now(), new_id=ids.new)
    house.price("800")
    house.run(3)
    _ask_in_vain(house)
    in_vain = _arrive_in_vain(store, clock, ids)
    _trade(house)
    day = Day(house, _reject(house), in_vain)
    house.signal("exit")
    house.long(comment="breakout of the opening range, second try after the first was stopped out")
    house.strategy = replace(house.strategy, name=LONG_NAME)
    store.people.save_strategy(house.strategy, by="test", at=clock.now())
    house.long()
    store.ledger.set_halt(
        Halt(f"strategy:{LONG_NAME}", HaltKind.HALT, clock.now(), "looks wrong", "trader"), at=clock.now()
    )
    house.run(1)
    _tell(store, clock)
    return day


def _trade(house: House) -> None:
    """Longs that leave by exit, stop and target in turn."""
    for number in range(TRADES):
        house.long()
        house.price(("800", "790", "820")[number % 3])
        house.signal("exit")
        house.run(4)
        house.price("800")
        house.run(1)


def _ask_in_vain(house: House) -> None:
    for _ in range(NOTHING_HELD):
        house.signal("exit")
    for _ in range(TOO_OLD):
        house.signal("buy", price="800", ago=600)
    for number in range(UNKNOWN):
        house.signal("buy", price="800", ticker=f"NOSUCHCOMPANY{number}")
    house.run(2)


def _reject(house: House) -> SignalId:
    house.fault("placeOrder", "reject", text=NO_FUNDS)
    rejected = house.signal("buy", price="800")
    house.run(6)
    return rejected


def _arrive_in_vain(store: Store, clock: ManualClock, ids: Ids) -> list[DeliveryId]:
    codes = (RefusalCode.TOKEN_EXPIRED, RefusalCode.NOT_JSON, RefusalCode.BAD_FIELD, RefusalCode.OUTSIDE_BOUNDS)
    made = []
    for number in range(REFUSED):
        made.append(DeliveryId(ids.new()))
        refused = a_delivery(
            id=made[-1],
            verdict=Verdict.REFUSED,
            code=codes[number % len(codes)],
            detail="quantity: expected a number such as 65, was 'sixty five'",
            received_at=clock.now(),
            layers={"address": "passed", "json": "passed", "token": f"failed: {RefusalCode.TOKEN_EXPIRED}"},
            headers={"User-Agent": "Go-http-client/1.1", "X-Forwarded-For": "52.89.214.238"},
            body=EVIL,
        )
        store.intake.record_delivery(refused, None)
        clock.advance(0.25)
    return made


def _tell(store: Store, clock: ManualClock) -> None:
    """What no row of a signal says: the trader's beat, funds and what the broker holds."""
    now, ledger = clock.now(), store.ledger
    prices = {"NSE:3045": {"value": "803.45", "at": now.isoformat()}}
    ledger.beat(ACCOUNT, 1, at=now, status={**GOOD, "book_at": now.isoformat(), "prices": prices})
    funds = {"available": "150000.5", "cash": "200000", "collateral": "0", "used": "49999.5"}
    ledger.save_snapshot(ACCOUNT, QueryKind.FUNDS, funds, at=now)
    ours = {"instrument": "NSE:3045", "symbol": "SBIN-EQ", "product": "INTRADAY", "quantity": 20}
    foreign = {"instrument": "NSE:2885", "symbol": "RELIANCE-EQ", "product": "INTRADAY", "quantity": -250}
    ledger.save_snapshot(ACCOUNT, QueryKind.POSITIONS, {"positions": [ours, foreign]}, at=now)


def _take_table(store: Store, clock: ManualClock, ids: Ids) -> None:
    usual = {"name": "NIFTY", "lotsize": "65", "exch_seg": "NFO", "freeze_qty": "1801"}
    futures = [
        row(**usual, symbol=f"NIFTY{day}FUT", token=f"50{number}", instrumenttype="FUTIDX", expiry=expiry)
        for number, (day, expiry) in enumerate((("29DEC26", "29DEC2026"), ("26JAN27", "26JAN2027")))
    ]
    options = [
        row(**usual, symbol=f"NIFTY01DEC26{strike}{right}", token=f"6{strike}{right}", expiry="01DEC2026",
            strike=f"{strike}00.000000", instrumenttype="OPTIDX")
        for strike in range(23000, 25000, 50) for right in ("CE", "PE")
    ]  # fmt: skip
    rows = [*SENTINEL_ROWS, index("Nifty 50", "NIFTY", "99926000"), *futures, *options, share("AB-CD-EQ", "7")]
    refresh(lambda: [read_row(one) for one in rows], store.loads, now=clock.now(), ids=ids)
