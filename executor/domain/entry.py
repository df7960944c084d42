"""The order that opens a position: its limit and trigger, the price it is expected to fill at, how long it may rest."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from executor.domain.instrument import Instrument
from executor.domain.order import Side
from executor.domain.price import entry_limit, nearer, on_tick
from executor.domain.reading import Quote
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Ask, EntryType
from executor.domain.strategy import Strategy

#: Seconds that a market-like entry may rest at the broker, and any other whose bar is not known (DESIGN: Entry life).
MARKET_LASTS = 10
_BAR_UNKNOWN_LASTS = 900
#: `{{interval}}` as TradingView sends it: minutes, or seconds, days, weeks, months with a letter (tradingview.md A3).
_INTERVAL = re.compile(r"(\d{0,4})([SDWM]?)", re.ASCII)
_UNIT_S = {"": 60, "S": 1, "D": 86_400, "W": 604_800, "M": 2_592_000}


@dataclass(frozen=True, slots=True)
class Entry:
    """`expected` is the price it should fill at; `lasts` in seconds."""

    limit: Decimal
    trigger: Decimal | None
    expected: Decimal
    lasts: int
    words: str

    @property
    def dearest(self) -> Decimal:
        """The most a unit may be worth when it fills."""
        return max(self.limit, self.expected)


def plan_price(ask: Ask, strategy: Strategy, contract: Instrument, side: Side, *, last: Decimal) -> Entry | Refusal:
    """How an entry reaches its price. Never beyond the band and the allowed slippage from what it was decided at."""
    entry = _priced(ask, strategy, contract, side, last=last)
    if isinstance(entry, Entry) and entry.limit <= 0:
        return Refusal(RefusalCode.BAD_FIELD, f"the alert's prices leave no limit above zero ({entry.words})")
    return entry


def _priced(ask: Ask, strategy: Strategy, contract: Instrument, side: Side, *, last: Decimal) -> Entry | Refusal:
    lasts = strategy.entry_ttl or (MARKET_LASTS if ask.type is EntryType.MARKET else bar_seconds(ask.interval))
    if ask.type is EntryType.STOP_LIMIT:
        return _stop_entry(ask, strategy, contract, side, last=last, lasts=lasts)
    slippage = _slippage(strategy)
    reference = ask.price or last
    furthest = entry_limit(last, reference, side, tick=contract.tick, kind=contract.contract_class, slippage=slippage)
    if ask.type is EntryType.MARKET:
        return Entry(furthest, None, nearer(furthest, last, side), lasts, f"at last {last}, limit {furthest}")
    asked = ask.limit or ask.price
    if asked is None:
        return Refusal(RefusalCode.BAD_FIELD, "order.limit is missing: a limit order needs it")
    limit = nearer(on_tick(asked, contract.tick, up=side is Side.SELL), furthest, side)
    expected = nearer(limit, last, side)
    return Entry(limit, None, expected, lasts, f"limit {limit} (last {last}), for {lasts} s")


def _stop_entry(
    ask: Ask, strategy: Strategy, contract: Instrument, side: Side, *, last: Decimal, lasts: int
) -> Entry | Refusal:
    asked = ask.trigger or ask.price
    if asked is None:
        return Refusal(RefusalCode.BAD_FIELD, "order.trigger is missing: a stop order needs it")
    trigger = on_tick(asked, contract.tick, up=side is Side.BUY)
    if (trigger - last) * side.sign <= 0:
        return Refusal(RefusalCode.TRIGGER_WRONG_SIDE, f"trigger {trigger}, last price {last}")
    kind, slippage = contract.contract_class, _slippage(strategy)
    furthest = entry_limit(trigger, trigger, side, tick=contract.tick, kind=kind, slippage=slippage)
    limit = nearer(on_tick(ask.limit, contract.tick, up=side is Side.SELL), furthest, side) if ask.limit else furthest
    if (limit - trigger) * side.sign < 0:
        return Refusal(RefusalCode.TRIGGER_WRONG_SIDE, f"limit {limit} does not reach beyond the trigger {trigger}")
    return Entry(limit, trigger, trigger, lasts, f"when {trigger} trades, limit {limit} (last {last}), for {lasts} s")


def spread_refused(quote: Quote, widest: Decimal, symbol: str) -> Refusal | None:
    """Why an option is not entered at its bid and ask; `widest` in percent of what lies in the middle."""
    if quote.bid is None or quote.ask is None:
        nobody = "buys" if quote.bid is None else "sells"
        return Refusal(RefusalCode.SPREAD_TOO_WIDE, f"nobody {nobody} {symbol} now")
    spread = (quote.ask - quote.bid) * 200 / (quote.ask + quote.bid)
    if spread <= widest:
        return None
    detail = f"{symbol}: bid {quote.bid}, ask {quote.ask}, {spread:.1f} % apart, allowed {widest.normalize():f} %"
    return Refusal(RefusalCode.SPREAD_TOO_WIDE, detail)


def bar_seconds(interval: str) -> int:
    """One bar of an alert's `interval` in seconds; 15 minutes when it is not known."""
    match = _INTERVAL.fullmatch(interval.strip().upper())
    if match is None or not (match[1] or match[2]):
        return _BAR_UNKNOWN_LASTS
    return int(match[1] or 1) * _UNIT_S[match[2]] or _BAR_UNKNOWN_LASTS


def _slippage(strategy: Strategy) -> Decimal | None:
    return None if strategy.max_slippage is None else strategy.max_slippage / 100
