"""The choice of one option out of a chain: by right, by strike, only from what is listed. Pure.

ATM is the listed strike nearest to the underlying's price; between two equally near ones the lower. ATM+n and ATM-n
count listed strikes up and down; OTMn and ITMn count away from the price the way the right loses or gains.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise

from executor.domain.instrument import Instrument, InstrumentKey
from executor.domain.option import OptionChain, OptionType
from executor.domain.order import Side
from executor.domain.refusal import Refusal, RefusalCode

_CALL, _PUT = "CE", "PE"
_BY_STEPS = re.compile(r"(ATM|OTM|ITM)([+-]?\d+)?")
_BY_PREMIUM = re.compile(r"PREMIUM(\d+(?:\.\d+)?)")
_BY_STRIKE = re.compile(r"\d+(?:\.\d+)?")
#: A read of quotes takes so many contracts (smartapi.md 2.12).
_MOST_QUOTES = 50


@dataclass(frozen=True, slots=True)
class Choice:
    """`words` tell what was chosen and why ("NIFTY 25012.35 → ATM 25000 CE of 24 Nov 2026")."""

    contract: Instrument
    words: str


@dataclass(frozen=True, slots=True)
class QuotesNeeded:
    """The choice goes by premium: these contracts are to be quoted first."""

    contracts: tuple[Instrument, ...]


def side_of_option(chain: OptionChain, chart: Side) -> Side:
    """How the contract is traded for a chart that goes this way: `auto` always buys."""
    return Side.BUY if chain.rule.type is OptionType.AUTO else chart


def choose(
    chain: OptionChain, chart: Side, spot: Decimal, premiums: Mapping[InstrumentKey, Decimal]
) -> Choice | QuotesNeeded | Refusal:
    """Choose the contract for a chart that goes this way with the underlying at `spot`.

    `premiums`: what the contracts of a QuotesNeeded cost now; empty before it was answered.
    """
    right = _right(chain, chart)
    listed = sorted((one for one in chain.contracts if one.right == right), key=_strike)
    if not listed:
        return Refusal(RefusalCode.NOT_LISTED, f"{chain.underlying.symbol} has no {right}")
    rule = chain.rule.strike
    found: Instrument | QuotesNeeded | Refusal
    if _BY_STRIKE.fullmatch(rule):
        found = _exactly(listed, Decimal(rule), right)
    elif by_premium := _BY_PREMIUM.fullmatch(rule):
        found = _outside(chain, listed, spot) or _nearest_premium(listed, Decimal(by_premium[1]), spot, premiums)
    else:
        found = _outside(chain, listed, spot) or _by_steps(listed, rule, right, spot)
    return _told(chain, found, spot, premiums) if isinstance(found, Instrument) else found


def _right(chain: OptionChain, chart: Side) -> str:
    if chain.rule.type is OptionType.AUTO:
        return _CALL if chart is Side.BUY else _PUT
    return chain.rule.type.value


def _strike(contract: Instrument) -> Decimal:
    assert contract.strike is not None, "an option has a strike"
    return contract.strike


def _at_the_money(listed: Sequence[Instrument], spot: Decimal) -> int:
    return min(range(len(listed)), key=lambda place: (abs(_strike(listed[place]) - spot), _strike(listed[place])))


def _outside(chain: OptionChain, listed: Sequence[Instrument], spot: Decimal) -> Refusal | None:
    """A price a step or more beyond all strikes is that of another thing, or the strikes are not listed yet."""
    lowest, highest = _strike(listed[0]), _strike(listed[-1])
    step = min((_strike(b) - _strike(a) for a, b in pairwise(listed)), default=spot)
    if lowest - step < spot < highest + step:
        return None
    detail = f"{chain.underlying.symbol} is at {spot}, strikes run from {lowest:f} to {highest:f}"
    return Refusal(RefusalCode.NOT_LISTED, detail)


def _exactly(listed: Sequence[Instrument], strike: Decimal, right: str) -> Instrument | Refusal:
    nearest = listed[_at_the_money(listed, strike)]
    if _strike(nearest) == strike:
        return nearest
    detail = f"{strike:f} {right}; the nearest is {_strike(nearest):f} ({nearest.symbol})"
    return Refusal(RefusalCode.NOT_LISTED, detail)


def _by_steps(listed: Sequence[Instrument], rule: str, right: str, spot: Decimal) -> Instrument | Refusal:
    match = _BY_STEPS.fullmatch(rule)
    if match is None:
        return Refusal(RefusalCode.BAD_FIELD, f"option.strike {rule}; give ATM, ATM+1, OTM2, ITM1, 24000 or PREMIUM120")
    steps = int(match[2] or 0)
    if match[1] != "ATM":
        up = (match[1] == "OTM") is (right == _CALL)
        steps = steps if up else -steps
    place = _at_the_money(listed, spot) + steps
    if 0 <= place < len(listed):
        return listed[place]
    detail = f"{rule} {right} at {spot}; strikes run from {_strike(listed[0]):f} to {_strike(listed[-1]):f}"
    return Refusal(RefusalCode.NOT_LISTED, detail)


def _nearest_premium(
    listed: Sequence[Instrument], wanted: Decimal, spot: Decimal, premiums: Mapping[InstrumentKey, Decimal]
) -> Instrument | QuotesNeeded:
    """Of two equally near premiums the one nearer to the money."""
    around = sorted(listed, key=lambda one: (abs(_strike(one) - spot), _strike(one)))[:_MOST_QUOTES]
    priced = [one for one in around if one.key in premiums]
    if not priced:
        return QuotesNeeded(tuple(sorted(around, key=_strike)))
    return min(priced, key=lambda one: (abs(premiums[one.key] - wanted), abs(_strike(one) - spot)))


def _told(chain: OptionChain, contract: Instrument, spot: Decimal, premiums: Mapping[InstrumentKey, Decimal]) -> Choice:
    assert contract.expiry is not None, "an option expires"
    rule = chain.rule.strike
    by = "" if _BY_STRIKE.fullmatch(rule) else f"{rule} "
    cost = f" at {premiums[contract.key]}" if contract.key in premiums else ""
    name = chain.underlying.name or chain.underlying.symbol
    strike = f"{_strike(contract).normalize():f} {contract.right}"
    return Choice(contract, f"{name} {spot} → {by}{strike} of {contract.expiry:%d %b %Y}{cost} ({contract.symbol})")
