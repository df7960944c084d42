"""What an entry trades and at which prices it is planned: the contract of the ticker, the option that its rule means
now, or more of what is held. Chosen when the bracket opens and kept on it; an add never chooses again.

The alert's own price is that of what the chart shows. Where that is not the contract, the contract has to be quoted.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from executor.desk import prices
from executor.desk.book import Draft
from executor.domain.aims import Shown, needs_spot
from executor.domain.bracket import Bracket, Goal
from executor.domain.entry import spread_refused
from executor.domain.instrument import Instrument, Kind, in_time
from executor.domain.messages import Resolved
from executor.domain.option import OptionChain, OptionType
from executor.domain.order import Side
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask, Signal
from executor.domain.strategy import LevelKind, LevelOf, Short
from executor.domain.strike import Choice, QuotesNeeded, choose, side_of_option
from executor.domain.underlying import Underlying, underlying_of, whose


@dataclass(frozen=True, slots=True)
class Picked:
    """`last` is the contract's price; `shown` is None where the chart shows the contract; `words` tell a choice."""

    contract: Instrument
    side: Side
    last: Decimal
    shown: Shown | None
    words: str


def shown_by(resolved: Resolved) -> Instrument | None:
    """What the chart shows, and the alert's price is one of; None where nobody knows."""
    match resolved.contract:
        case OptionChain(underlying=underlying):
            return resolved.underlying or underlying
        case Instrument():
            return resolved.underlying or resolved.contract
        case _:
            return resolved.underlying


def shows(resolved: Resolved, bracket: Bracket) -> bool:
    """Whether the chart shows what is held; where the ticker can't be resolved any more, as it did when it opened.
    One whose prices are late shows what it was.
    """
    if is_late(resolved.signal):
        return False
    shown = shown_by(resolved)
    return bracket.underlying is None if shown is None else shown.key == bracket.instrument


def is_late(signal: Signal) -> bool:
    """Whether an alert's chart shows prices late: its own is none to act by."""
    exchange = str(signal.fields["exchange"])
    return in_time(exchange) != exchange


def turns_freely(resolved: Resolved, ask: Ask) -> bool:
    """Whether the strategy may be short of its chart: by shorts, or by puts that are bought."""
    if resolved.strategy.short is not Short.NONE:
        return True
    if isinstance(resolved.contract, OptionChain):
        return resolved.contract.rule.type is OptionType.AUTO
    rule = resolved.strategy.option
    own = rule.type if rule else None
    return isinstance(resolved.contract, Refusal) and (ask.option or own) is OptionType.AUTO


def example_of(resolved: Resolved, bracket: Bracket | None) -> Instrument:
    """A contract for rules that look at segment, class and expiry: those of a chain are alike in them."""
    if bracket is not None and bracket.goal is Goal.OPEN:
        return bracket.contract
    assert not isinstance(resolved.contract, Refusal), "an entry without a contract has been refused"
    return resolved.contract.contracts[0] if isinstance(resolved.contract, OptionChain) else resolved.contract


def lacking(draft: Draft, resolved: Resolved, bracket: Bracket | None) -> str:
    """What an entry waits for a price of, that was asked for moments ago and has none; empty when it is not that."""
    shown = shown_by(resolved)
    contracts = [] if isinstance(resolved.contract, Refusal) else [example_of(resolved, bracket)]
    if isinstance(resolved.contract, OptionChain):
        contracts = list(resolved.contract.contracts)
    wanted = [shown, *contracts] if shown else contracts
    return next((one.symbol for one in wanted if prices.in_vain(draft, one.key)), "")


def pick(
    draft: Draft, resolved: Resolved, *, ask: Ask, chart: Side, bracket: Bracket | None
) -> Picked | Refusal | None:
    """Pick for an entry that goes the chart's way, or adds to a bracket; None while prices are to come."""
    chosen = _add(resolved, ask, bracket) if bracket else _choice(draft, resolved, ask, chart)
    if not isinstance(chosen, Choice):
        return chosen
    contract = chosen.contract
    side = bracket.side if bracket else _side(resolved, chart)
    what = _underlying(resolved, contract, side, bracket)
    watched = what is not None and needs_spot(ask, resolved.strategy, what)
    spot = _spot(draft, resolved, ask, what, opens=bracket is None) if what is not None and watched else None
    last = _last(draft, resolved, contract, told=ask.price if what is None else None)
    if isinstance(last, Refusal):
        return last
    if last is None or (watched and spot is None):
        return None
    return Picked(contract, side, last, Shown(what, spot) if what else None, chosen.words)


def shown_beside(resolved: Resolved, bracket: Bracket) -> Underlying | None:
    """What the chart shows to a bracket, where that is not what is held."""
    return _underlying(resolved, bracket.contract, bracket.side, bracket)


def seen_spot(draft: Draft, what: Underlying) -> Decimal | None:
    """What the underlying costs now, as we saw it; asked for where we did not."""
    spot = prices.seen_price(draft, what.instrument)
    if spot is None:
        prices.ask_price(draft, what.instrument, what.symbol)
    return spot


def turned(resolved: Resolved, ask: Ask, bracket: Bracket) -> Refusal | None:
    """Prices of what a chart shows by now, where a position watches what it showed before: two contracts' prices."""
    what, shown = bracket.underlying, shown_by(resolved)
    if what is None or shown is None or shown.key == what.instrument:
        return None
    levels = [(ask.stop_loss, ask.stop_of), *((target.level, target.of) for target in ask.take_profit)]
    for level, of in levels:
        watched = whose(of, resolved.strategy, what) is LevelOf.UNDERLYING
        if watched and level is not None and level.kind is LevelKind.PRICE:
            detail = f"{level.value:f} of {shown.symbol}, watched for this position is {what.symbol}"
            return Refusal(RefusalCode.CHART_NOT_TRADED, detail)
    return None


def _spot(draft: Draft, resolved: Resolved, ask: Ask, what: Underlying, *, opens: bool) -> Decimal | None:
    """The underlying's price; the alert's own counts only before a position is watched: no older one then judges it."""
    shown = shown_by(resolved)
    told = ask.price if opens and shown is not None and shown.key == what.instrument else None
    seen = prices.seen_price(draft, what.instrument) or prices.told_price(draft, told, resolved.signal.fired_at)
    return seen or seen_spot(draft, what)


def _add(resolved: Resolved, ask: Ask, bracket: Bracket) -> Choice | Refusal:
    """More of what is held, whatever the ticker means by now."""
    if refusal := turned(resolved, ask, bracket):
        return refusal
    means_it = isinstance(resolved.contract, Instrument) and resolved.contract.key == bracket.instrument
    return Choice(bracket.contract, "" if means_it else f"adds to what is held: {bracket.symbol}")


def _choice(draft: Draft, resolved: Resolved, ask: Ask, chart: Side) -> Choice | Refusal | None:
    chain = resolved.contract
    if not isinstance(chain, OptionChain):
        return chain if isinstance(chain, Refusal) else Choice(chain, "")
    under, told = chain.underlying, ask.price if resolved.underlying is None else None
    spot = prices.seen_price(draft, under.key) or prices.told_price(draft, told, resolved.signal.fired_at)
    if spot is None:
        prices.ask_price(draft, under.key, under.symbol)
        return None
    found = choose(chain, chart, spot, {})
    if isinstance(found, QuotesNeeded):
        keys = tuple(one.key for one in found.contracts)
        found = choose(chain, chart, spot, prices.premiums(draft, keys))
    return None if isinstance(found, QuotesNeeded) else found


def _side(resolved: Resolved, chart: Side) -> Side:
    return side_of_option(resolved.contract, chart) if isinstance(resolved.contract, OptionChain) else chart


def _underlying(resolved: Resolved, contract: Instrument, side: Side, bracket: Bracket | None) -> Underlying | None:
    """What the chart shows, where that is not the contract; what a bracket was opened with stays."""
    if bracket is not None and bracket.underlying is not None:
        return bracket.underlying
    shown = shown_by(resolved)
    return None if shown is None or shown.key == contract.key else underlying_of(shown, contract, side)


def _last(draft: Draft, resolved: Resolved, contract: Instrument, *, told: Decimal | None) -> Decimal | Refusal | None:
    """The contract's price, where its spread may be looked at and is not too wide."""
    widest = resolved.strategy.max_spread
    if widest is not None and contract.kind is Kind.OPTION:
        quote = prices.seen_quote(draft, contract.key)
        if quote is None:
            prices.ask_quotes(draft, (contract.key,))
            return None
        if refusal := spread_refused(quote, widest, contract.symbol):
            return refusal
    last = prices.seen_price(draft, contract.key) or prices.told_price(draft, told, resolved.signal.fired_at)
    if last is None:
        prices.ask_price(draft, contract.key, contract.symbol)
    return last
