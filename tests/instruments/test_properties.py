"""What holds for every table and ticker: parts are kept, order says nothing, an added row never changes a meaning."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from executor.clock import IST
from executor.domain.instrument import Instrument, Kind
from executor.domain.option import OptionChain, OptionRule, OptionType
from executor.domain.refusal import Refusal, RefusalCode
from executor.instruments.ticker import spells
from tests.instruments.builders import NOW, MasterInMemory, meant, row, share
from tests.instruments.market import text_of

#: Names of which one begins with another, or that charts write alike.
NAMES = ["NIFTY", "NIFTYNXT50", "M&M", "M-M"]
#: Written alike on a chart, or one beginning with the other.
ALIKE = {"M&M": "M-M", "M-M": "M&M", "NIFTY": "NIFTYNXT50", "NIFTYNXT50": "NIFTY"}
LETTERS = "FGHJKMNQUVXZ"
TODAY = NOW.astimezone(IST).date()
DAYS = [TODAY + timedelta(days=days) for days in (-1, 6, 7, 34)]
STRIKES = ["100", "100.5"]


@dataclass(frozen=True)
class Future:
    name: str
    day: date


@dataclass(frozen=True)
class Option:
    name: str
    day: date
    strike: str
    right: str


@dataclass(frozen=True)
class Share:
    name: str
    series: str


futures = st.builds(Future, st.sampled_from(NAMES), st.sampled_from(DAYS))
options = st.builds(
    Option, st.sampled_from(NAMES), st.sampled_from(DAYS), st.sampled_from(STRIKES), st.sampled_from(["CE", "PE"])
)
shares = st.builds(Share, st.sampled_from(NAMES), st.sampled_from(["EQ", "BE", "SM"]))
rows = futures | options | shares


@st.composite
def asked(draw, among=rows):
    """Rows, and the ticker of one of them, or of one that resembles it, in one of its spellings."""
    listed = draw(st.lists(among, min_size=1, max_size=6))
    one = draw(st.sampled_from(listed))
    others = [one, replace(one, name=ALIKE[one.name]), Share(spelled(one, 1), "EQ")]
    listed += draw(st.lists(st.sampled_from(others), max_size=3))
    meant_one = draw(st.sampled_from(others[:2]))
    return listed, spelled(meant_one, draw(st.integers(0, 3)))


def spelled(one, way):
    """A chart's ticker of a row: by its parts or, for a future, as the nearest or the second."""
    name = one.name if way % 2 else one.name.replace("&", "_").replace("-", "_")
    match one:
        case Share():
            return name
        case Option(_, day, strike, right):
            return f"{name}{day:%y%m%d}{right[0]}{strike}"
        case Future(_, day):
            return f"{name}{LETTERS[day.month - 1]}{day.year}" if way < 2 else f"{name}{way - 1}!"


rules = st.builds(
    OptionRule,
    st.just(OptionType.AUTO),
    st.just("ATM"),
    st.sampled_from(["nearest", "weekly", "next-weekly", "monthly", f"{DAYS[2]}"]),
    st.integers(0, 7),
)


def table(listed):
    return MasterInMemory([_row(one, str(70_000 + token)) for token, one in enumerate(listed)])


def _row(one, token):
    match one:
        case Share(name, series):
            return share(f"{name}-{series}", token)
        case Future(name, day):
            more = {"symbol": f"F{token}FUT", "instrumenttype": "FUTSTK"}
        case Option(name, day, strike, right):
            more = {"symbol": f"O{token}{right}", "instrumenttype": "OPTSTK", "strike": f"{Decimal(strike) * 100}"}
    return row(token=token, name=name, exch_seg="NFO", expiry=text_of(day), lotsize="50", **more)


def parts(found):
    """What an answer is, without the token and symbol that only this table gives it."""
    match found:
        case Refusal(code=code):
            return code
        case OptionChain():
            return parts(found.underlying), frozenset(parts(one) for one in found.contracts)
        case _:
            return found.kind, found.name, found.expiry, found.strike, found.right, found.series


@settings(max_examples=300, deadline=None)
@given(asked())
def test_a_ticker_means_a_contract_of_its_own_name_expiry_strike_and_side_or_nothing(case):
    listed, ticker = case

    found = meant("NSE", ticker, table(listed))

    if not isinstance(found, Instrument):
        return
    match found.kind:
        case Kind.CASH:
            assert spells(ticker, found.name)
        case Kind.FUTURE if ticker.endswith("!"):
            assert spells(ticker[:-2], found.name)
        case Kind.FUTURE:
            assert found.expiry is not None
            assert spells(ticker[:-5], found.name)
            assert ticker[-5:] == f"{LETTERS[found.expiry.month - 1]}{found.expiry.year}"
        case Kind.OPTION:
            strike = f"{found.strike.normalize():f}"
            tail = f"{found.expiry:%y%m%d}{found.right[0]}{strike}"
            assert ticker.endswith(tail)
            assert spells(ticker.removesuffix(tail), found.name)
    assert found.expiry is None or found.expiry >= TODAY


@settings(deadline=None)
@given(asked(), st.randoms(use_true_random=False))
def test_the_order_of_the_rows_says_nothing(case, chance):
    listed, ticker = case
    shuffled = list(listed)
    chance.shuffle(shuffled)

    assert parts(meant("NSE", ticker, table(listed))) == parts(meant("NSE", ticker, table(shuffled)))


@settings(deadline=None)
@given(st.lists(options, max_size=25, unique=True), rules, st.randoms(use_true_random=False))
def test_the_order_of_the_rows_says_nothing_about_a_chain(contracts, rule, chance):
    listed = [Future("NIFTY", DAYS[3]), *contracts]
    shuffled = list(listed)
    chance.shuffle(shuffled)

    found = [parts(meant("NSE", "NIFTY1!", table(order), option=rule)) for order in (listed, shuffled)]

    assert found[0] == found[1]


@settings(max_examples=300, deadline=None)
@given(asked(), st.data())
def test_an_added_row_never_changes_a_meaning_silently(case, data):
    listed, ticker = case
    alike = st.sampled_from(listed).map(lambda one: replace(one, name=ALIKE.get(one.name, one.name)))
    added = data.draw(rows | alike | st.sampled_from(listed) | st.just(Share(ticker.replace("_", "&"), "EQ")))

    before = meant("NSE", ticker, table(listed))
    after = meant("NSE", ticker, table([*listed, added]))

    if isinstance(before, Refusal) or parts(before) == parts(after):
        return
    if isinstance(after, Refusal):
        assert after.code is RefusalCode.TICKER_AMBIGUOUS
        return
    assert isinstance(before, Instrument)
    assert isinstance(after, Instrument)
    nearer_future = before.expiry and after.expiry and after.expiry < before.expiry and ticker.endswith("!")
    usual_series = (before.series, after.series) == ("BE", "EQ") and before.name == after.name
    assert nearer_future or usual_series, (before, after)


@settings(deadline=None)
@given(st.lists(options, max_size=25, unique=True), options, rules)
def test_an_option_added_to_another_expiry_or_name_changes_no_chain(listed, added, rule):
    underlying = Future("NIFTY", DAYS[3])
    before = meant("NSE", "NIFTY1!", table([underlying, *listed]), option=rule)
    after = meant("NSE", "NIFTY1!", table([underlying, *listed, added]), option=rule)

    if added.name != "NIFTY" and isinstance(before, OptionChain):
        assert parts(before) == parts(after)
    if isinstance(before, OptionChain) and isinstance(after, OptionChain):
        assert {one.name for one in after.contracts} == {"NIFTY"}
        assert len({one.expiry for one in after.contracts}) == 1


def test_a_name_that_fits_two_shares_is_refused_whatever_series_they_are_in():
    found = meant("NSE", "M_M", table([Share("M&M", "BE"), Share("M-M", "EQ")]))

    assert isinstance(found, Refusal)
    assert found.code is RefusalCode.TICKER_AMBIGUOUS
