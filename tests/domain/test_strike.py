"""The choice of a strike: only what is listed, of the right that is meant, as the rule says."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.domain.instrument import Instrument, InstrumentKey, Kind, Segment
from executor.domain.option import OptionChain, OptionRule, OptionType
from executor.domain.order import Side
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.strike import Choice, QuotesNeeded, choose, side_of_option
from tests.builders import an_instrument

NIFTY = an_instrument(
    key=InstrumentKey(Segment.NSE, "99926000"), symbol="Nifty 50", name="NIFTY", kind=Kind.INDEX, series=""
)


def an_option(strike: Decimal | int | str, right: str) -> Instrument:
    return Instrument(
        key=InstrumentKey(Segment.NFO, f"{strike}{right}"),
        symbol=f"NIFTY01DEC26{strike}{right}",
        name="NIFTY",
        kind=Kind.OPTION,
        lot=65,
        tick=Decimal("0.05"),
        expiry=date(2026, 12, 1),
        strike=Decimal(strike),
        right=right,
    )


def a_chain(
    rule: str = "ATM",
    kind: OptionType = OptionType.AUTO,
    strikes: tuple[Decimal | int | str, ...] = (100, 110, 120, 130),
) -> OptionChain:
    listed = tuple(an_option(strike, right) for strike in strikes for right in ("PE", "CE"))
    return OptionChain(NIFTY, listed, OptionRule(kind, rule, "nearest"))


def chosen(chain: OptionChain, chart: Side, spot: str, **premiums: str) -> str:
    """The strike and right that are chosen."""
    costs = {InstrumentKey(Segment.NFO, key.removeprefix("_")): Decimal(value) for key, value in premiums.items()}
    found = choose(chain, chart, Decimal(spot), costs)
    assert isinstance(found, Choice), found
    return found.contract.key.token


@pytest.mark.parametrize(
    ("rule", "chart", "spot", "expected"),
    [
        ("ATM", Side.BUY, "111", "110CE"),
        ("ATM", Side.SELL, "111", "110PE"),
        ("ATM", Side.BUY, "115", "110CE"),  # in the middle: the lower
        ("ATM", Side.BUY, "115.05", "120CE"),
        ("ATM+1", Side.BUY, "111", "120CE"),
        ("ATM-1", Side.BUY, "111", "100CE"),
        ("ATM+1", Side.SELL, "111", "120PE"),
        ("OTM1", Side.BUY, "111", "120CE"),
        ("OTM1", Side.SELL, "111", "100PE"),
        ("ITM1", Side.BUY, "111", "100CE"),
        ("ITM2", Side.SELL, "111", "130PE"),
        ("120", Side.BUY, "500", "120CE"),
        ("120", Side.SELL, "111", "120PE"),
        ("ATM", Side.BUY, "139", "130CE"),
        ("ATM", Side.BUY, "91", "100CE"),
    ],
)
def test_a_rule_and_a_price_choose_one_strike(rule: str, chart: Side, spot: str, expected: str) -> None:
    assert chosen(a_chain(rule), chart, spot) == expected


@pytest.mark.parametrize("kind", [OptionType.CE, OptionType.PE])
@pytest.mark.parametrize("chart", list(Side))
def test_a_fixed_right_is_traded_the_charts_way(kind: OptionType, chart: Side) -> None:
    chain = a_chain(kind=kind)

    assert chosen(chain, chart, "111") == f"110{kind}"
    assert side_of_option(chain, chart) is chart


@pytest.mark.parametrize("chart", list(Side))
def test_auto_always_buys(chart: Side) -> None:
    assert side_of_option(a_chain(), chart) is Side.BUY


def test_fractional_strikes_are_counted_as_listed() -> None:
    chain = a_chain("ATM+1", strikes=("92.5", "95", "97.5", "102.5"))

    assert chosen(chain, Side.BUY, "97") == "102.5CE"


@pytest.mark.parametrize(
    ("rule", "spot", "told"),
    [
        ("ATM+3", "120", "ATM+3 CE at 120; strikes run from 100 to 130"),
        ("ITM5", "120", "ITM5 CE at 120; strikes run from 100 to 130"),
        ("115", "111", "115 CE; the nearest is 110"),
        ("ATM", "140", "Nifty 50 is at 140, strikes run from 100 to 130"),
        ("OTM1", "25", "Nifty 50 is at 25, strikes run from 100 to 130"),
    ],
)
def test_what_is_not_listed_is_refused_with_what_there_is(rule: str, spot: str, told: str) -> None:
    found = choose(a_chain(rule), Side.BUY, Decimal(spot), {})

    assert isinstance(found, Refusal)
    assert (found.code, told in found.detail) == (RefusalCode.NOT_LISTED, True)


def test_a_right_that_is_not_listed_is_refused() -> None:
    calls = tuple(one for one in a_chain().contracts if one.right == "CE")

    found = choose(OptionChain(NIFTY, calls, a_chain().rule), Side.SELL, Decimal(111), {})

    assert isinstance(found, Refusal)


def test_a_premium_asks_for_quotes_of_the_fifty_strikes_around_the_price() -> None:
    chain = a_chain("PREMIUM12", strikes=tuple(range(1000, 1100)))

    found = choose(chain, Side.SELL, Decimal("1050.4"), {})

    assert isinstance(found, QuotesNeeded)
    strikes = [one.strike for one in found.contracts]
    assert strikes == [Decimal(strike) for strike in range(1026, 1076)]
    assert {one.right for one in found.contracts} == {"PE"}


def test_the_nearest_premium_of_those_that_have_one_is_chosen() -> None:
    chain = a_chain("PREMIUM12")

    assert chosen(chain, Side.BUY, "111", _100CE="14", _110CE="9.5", _130CE="3") == "100CE"
    assert chosen(chain, Side.BUY, "111", _100CE="14", _110CE="10", _120CE="12.5") == "120CE"
    assert chosen(chain, Side.BUY, "111", _100CE="14", _110CE="10") == "110CE"  # as near: nearer to the money


def test_the_words_tell_the_price_the_rule_and_the_contract() -> None:
    found = choose(a_chain("OTM1"), Side.BUY, Decimal("111.35"), {})

    assert isinstance(found, Choice)
    assert found.words == "NIFTY 111.35 → OTM1 120 CE of 01 Dec 2026 (NIFTY01DEC26120CE)"


rules = st.one_of(
    st.builds("ATM{:+d}".format, st.integers(-5, 5)),
    st.builds("{}{}".format, st.sampled_from(("OTM", "ITM")), st.integers(1, 5)),
    st.just("ATM"),
    st.builds("{}".format, st.integers(1, 400)),
    st.builds("PREMIUM{}".format, st.integers(1, 400)),
)


@given(
    rule=rules,
    kind=st.sampled_from(OptionType),
    chart=st.sampled_from(Side),
    spot=st.decimals(1, 400, places=2),
    strikes=st.sets(st.integers(1, 400), min_size=1, max_size=60),
    quoted=st.data(),
)
def test_what_is_chosen_is_listed_and_of_the_right_that_is_meant(
    rule: str, kind: OptionType, chart: Side, spot: Decimal, strikes: set[int], quoted: st.DataObject
) -> None:
    chain = a_chain(rule, kind, tuple(sorted(strikes)))
    right = kind.value if kind is not OptionType.AUTO else "CE" if chart is Side.BUY else "PE"
    found = choose(chain, chart, spot, {})
    if isinstance(found, QuotesNeeded):
        assert 1 <= len(found.contracts) <= 50
        assert set(found.contracts) <= set(chain.contracts)
        costs = {one.key: quoted.draw(st.decimals(1, 400, places=2)) for one in found.contracts}
        found = choose(chain, chart, spot, costs)
        assert isinstance(found, Choice)

    assert isinstance(found, Refusal) or (found.contract in chain.contracts and found.contract.right == right)
    assert choose(OptionChain(NIFTY, chain.contracts[::-1], chain.rule), chart, spot, {}) == choose(
        chain, chart, spot, {}
    )


@given(spot=st.decimals(1, 400, places=2), strikes=st.sets(st.integers(1, 400), min_size=2, max_size=60))
def test_no_listed_strike_is_nearer_than_the_one_at_the_money(spot: Decimal, strikes: set[int]) -> None:
    found = choose(a_chain("ATM", strikes=tuple(strikes)), Side.BUY, spot, {})

    if isinstance(found, Choice):
        assert found.contract.strike is not None
        assert abs(found.contract.strike - spot) == min(abs(strike - spot) for strike in strikes)
