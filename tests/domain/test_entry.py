"""How an entry reaches its price: never worse than asked, never beyond band and slippage, and only for so long."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.entry import MARKET_LASTS, Entry, bar_seconds, plan_price, spread_refused
from executor.domain.instrument import Instrument, Price
from executor.domain.order import Side
from executor.domain.price import band_of, on_tick, slippage_of
from executor.domain.reading import Quote
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import EntryType
from tests.builders import NOW, an_instrument
from tests.domain.given import a_wide_strategy, an_ask, contracts, prices, sides

LAST = Decimal("150.00")


def priced(side: Side = Side.BUY, *, last: Decimal = LAST, ttl: int | None = None, **asked: Any) -> Entry | Refusal:
    contract = an_instrument()
    strategy = a_wide_strategy(contract, entry_ttl=ttl)
    return plan_price(an_ask(side, **asked), strategy, contract, side, last=last)


def limit_of(entry: Entry | Refusal) -> Decimal:
    assert isinstance(entry, Entry)
    return entry.limit


def code_of(entry: Entry | Refusal) -> RefusalCode | None:
    return entry.code if isinstance(entry, Refusal) else None


@pytest.mark.parametrize(
    ("interval", "seconds"),
    [
        ("1", 60),
        ("5", 300),
        ("60", 3600),
        ("240", 14_400),
        ("30S", 30),
        ("S", 1),
        ("D", 86_400),
        ("1D", 86_400),
        ("1d", 86_400),
        ("W", 604_800),
        ("1W", 604_800),
        ("M", 2_592_000),
        ("1M", 2_592_000),
        (" 15 ", 900),
        ("15", 900),
        ("", 900),
        ("0", 900),
        ("0S", 900),
        ("100R", 900),
        ("-5", 900),
        ("1.5", 900),
        ("99999", 900),
        ("٥", 900),
        ("one hour", 900),
    ],
)
def test_a_bar_lasts_what_its_interval_says_else_a_quarter_of_an_hour(interval: str, seconds: int) -> None:
    """tradingview.md A3."""
    assert bar_seconds(interval) == seconds


@given(st.text(max_size=8))
def test_no_interval_gives_an_entry_no_time(interval: str) -> None:
    assert bar_seconds(interval) > 0


@pytest.mark.parametrize(
    ("asked", "ttl", "lasts"),
    [
        ({"interval": "60"}, None, MARKET_LASTS),
        ({"type": EntryType.LIMIT, "limit": Decimal(149), "interval": "60"}, None, 3600),
        ({"type": EntryType.LIMIT, "limit": Decimal(149)}, None, 900),
        ({"type": EntryType.STOP_LIMIT, "trigger": Decimal(151), "interval": "5"}, None, 300),
        ({"interval": "60"}, 4, 4),
        ({"type": EntryType.LIMIT, "limit": Decimal(149), "interval": "60"}, 45, 45),
    ],
)
def test_an_entry_lasts_ten_seconds_or_a_bar_unless_the_strategy_says_otherwise(
    asked: dict[str, Any], ttl: int | None, lasts: int
) -> None:
    """DESIGN: Entry life."""
    entry = priced(ttl=ttl, **asked)

    assert isinstance(entry, Entry)
    assert entry.lasts == lasts


@pytest.mark.parametrize(
    ("side", "limit", "told", "expected"),
    [
        (Side.BUY, "149.98", None, "149.95"),
        (Side.BUY, "150.30", None, "150.30"),
        (Side.BUY, "155", None, "150.45"),
        (Side.BUY, "150.30", "149.90", "150.30"),
        (Side.BUY, "155", "149.90", "150.30"),
        (Side.SELL, "150.02", None, "150.05"),
        (Side.SELL, "149.70", None, "149.70"),
        (Side.SELL, "145", None, "149.55"),
    ],
)
def test_a_limit_entry_keeps_its_price_inside_band_and_slippage(
    side: Side, limit: str, told: str | None, expected: str
) -> None:
    """Cash: 0.3 % from the alert's price, or from the last one."""
    price = Decimal(told) if told else None

    entry = priced(side, type=EntryType.LIMIT, limit=Decimal(limit), price=price)

    assert limit_of(entry) == Decimal(expected)


@pytest.mark.parametrize(
    ("side", "trigger", "limit", "expected"),
    [
        (Side.BUY, "151.02", None, ("151.05", "151.50")),
        (Side.BUY, "151", "151.20", ("151", "151.20")),
        (Side.BUY, "151", "160", ("151", "151.45")),
        (Side.SELL, "149.02", None, ("149", "148.60")),
        (Side.SELL, "149", "148.90", ("149", "148.90")),
        (Side.SELL, "149", "100", ("149", "148.60")),
    ],
)
def test_a_stop_entry_waits_at_its_trigger_with_its_limit_beyond(
    side: Side, trigger: str, limit: str | None, expected: tuple[str, str]
) -> None:
    asked = Decimal(limit) if limit else None

    entry = priced(side, type=EntryType.STOP_LIMIT, trigger=Decimal(trigger), limit=asked)

    assert isinstance(entry, Entry)
    assert (entry.trigger, entry.limit) == (Decimal(expected[0]), Decimal(expected[1]))
    assert entry.expected == entry.trigger


@pytest.mark.parametrize(
    ("side", "asked", "code"),
    [
        (Side.BUY, {"type": EntryType.LIMIT}, RefusalCode.BAD_FIELD),
        (Side.BUY, {"type": EntryType.STOP_LIMIT}, RefusalCode.BAD_FIELD),
        (Side.BUY, {"type": EntryType.STOP_LIMIT, "trigger": LAST}, RefusalCode.TRIGGER_WRONG_SIDE),
        (Side.SELL, {"type": EntryType.STOP_LIMIT, "trigger": LAST}, RefusalCode.TRIGGER_WRONG_SIDE),
        (Side.BUY, {"type": EntryType.STOP_LIMIT, "trigger": Decimal(149)}, RefusalCode.TRIGGER_WRONG_SIDE),
        (Side.SELL, {"type": EntryType.STOP_LIMIT, "trigger": Decimal(151)}, RefusalCode.TRIGGER_WRONG_SIDE),
        (
            Side.BUY,
            {"type": EntryType.STOP_LIMIT, "trigger": Decimal(151), "limit": Decimal("150.95")},
            RefusalCode.TRIGGER_WRONG_SIDE,
        ),
        (
            Side.SELL,
            {"type": EntryType.STOP_LIMIT, "trigger": Decimal(149), "limit": Decimal("149.05")},
            RefusalCode.TRIGGER_WRONG_SIDE,
        ),
        (Side.BUY, {"price": Decimal("0.01")}, RefusalCode.BAD_FIELD),
        (Side.BUY, {"type": EntryType.LIMIT, "limit": Decimal("0.04")}, RefusalCode.BAD_FIELD),
        (Side.SELL, {"type": EntryType.STOP_LIMIT, "trigger": Decimal("0.04")}, RefusalCode.BAD_FIELD),
    ],
)
def test_an_entry_that_cannot_reach_its_price_is_refused(side: Side, asked: dict[str, Any], code: RefusalCode) -> None:
    assert code_of(priced(side, **asked)) is code


def test_an_entry_that_the_price_has_left_behind_expects_no_more_than_its_limit() -> None:
    """Its levels and its size are judged at a price at which it can fill."""
    left_behind = priced(price=Decimal(140))

    assert isinstance(left_behind, Entry)
    assert left_behind.expected == left_behind.limit == Decimal("140.40")


def worst(contract: Instrument, at: Decimal, part: Decimal | None) -> Decimal:
    """How far from `at` slippage lets an entry go, in rupees."""
    return slippage_of(contract.contract_class, at) if part is None else at * part / 100


@given(
    type_=st.sampled_from(EntryType),
    contract=contracts,
    side=sides,
    last=prices,
    told=st.none() | prices,
    limit=st.none() | prices,
    trigger=st.none() | prices,
    slippage=st.none() | st.decimals("0.01", 10, places=2),
)
def test_no_entry_is_worse_than_asked_or_beyond_band_and_slippage(
    type_: EntryType,
    contract: Instrument,
    side: Side,
    last: Decimal,
    told: Decimal | None,
    limit: Decimal | None,
    trigger: Decimal | None,
    slippage: Decimal | None,
) -> None:
    strategy = a_wide_strategy(contract, max_slippage=slippage)
    ask = an_ask(side, type=type_, price=told, limit=limit, trigger=trigger)

    entry = plan_price(ask, strategy, contract, side, last=last)

    if isinstance(entry, Refusal):
        return
    sign, kind, stop = side.sign, contract.contract_class, type_ is EntryType.STOP_LIMIT
    decided_at, traded_at = (entry.expected, entry.expected) if stop else (told or last, last)
    assert entry.limit > 0 == entry.limit % contract.tick
    assert (entry.limit - entry.expected) * sign >= 0
    assert (entry.limit - traded_at) * sign <= traded_at * band_of(kind, traded_at)
    assert (entry.limit - decided_at) * sign <= worst(contract, decided_at, slippage)
    if type_ is not EntryType.MARKET and limit is not None:
        assert (entry.limit - limit) * sign <= 0
    if stop:
        assert entry.trigger == on_tick((trigger or told or last), contract.tick, up=side is Side.BUY)
        assert (entry.trigger - last) * sign > 0
        assert 0 <= (entry.limit - entry.trigger) * sign <= entry.trigger * 2 * band_of(kind, entry.trigger)
    else:
        assert entry.trigger is None
        assert (entry.expected - last) * sign <= 0


@given(contracts, sides, prices, prices)
def test_a_passive_limit_keeps_its_price(contract: Instrument, side: Side, last: Decimal, limit: Decimal) -> None:
    """Passive: it would not trade at the last price. It moves to the tick, away from the market."""
    entry = plan_price(
        an_ask(side, type=EntryType.LIMIT, limit=limit), a_wide_strategy(contract), contract, side, last=last
    )

    if isinstance(entry, Refusal) or (limit - last) * side.sign > 0:
        return
    furthest_kept = on_tick(limit, contract.tick, up=side is Side.SELL)
    assert entry.limit == furthest_kept == entry.expected


@pytest.mark.parametrize(
    ("bid", "ask", "told"),
    [
        ("99", "101", None),  # 2 % of what lies in the middle
        ("98.95", "101", "bid 98.95, ask 101, 2.1 % apart, allowed 2 %"),
        (None, "101", "nobody buys"),
        ("99", None, "nobody sells"),
        (None, None, "nobody buys"),
    ],
)
def test_a_spread_is_measured_from_the_middle_and_needs_both_sides(
    bid: str | None, ask: str | None, told: str | None
) -> None:
    sides_of = [Decimal(one) if one else None for one in (bid, ask)]
    quote = Quote(an_instrument().key, Price(Decimal(100), NOW), *sides_of)

    refusal = spread_refused(quote, Decimal(2), "NIFTY01DEC2625000CE")

    assert (refusal is None) == (told is None)
    assert told is None or (refusal is not None and told in refusal.detail)
