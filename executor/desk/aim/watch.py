"""Watch what a chart shows, where that is not what is held: its stop and targets are prices of the underlying.

When its price trades through the stop the position leaves; at a target its part does. Nothing of it rests at the
broker but the disaster stop on the contract, which also stands while the underlying's price does not come.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from executor.desk import carried, hours, prices, rails
from executor.desk.aim.leave import add_exit, close
from executor.desk.book import Draft
from executor.desk.targets import coming_targets, leaving_quantity, open_targets
from executor.domain.bracket import Bracket, Goal, Leg
from executor.domain.ids import BracketId, SignalId
from executor.domain.instrument import Price
from executor.domain.strategy import LevelOf
from executor.domain.underlying import Underlying

#: How often the price is read.
_EVERY = timedelta(seconds=1)
#: A price older than this tells nothing; after so long without a fresh one a person is told.
_UNKNOWN = timedelta(seconds=10)


def watch(draft: Draft) -> None:
    unwatched: dict[BracketId, datetime] = {}
    for bracket in draft.live_brackets():
        what = bracket.underlying
        if what is None or not _has_levels(draft, bracket) or not _is_its_time(draft, bracket):
            continue
        seen, over = _seen(draft, bracket, what), _is_over(draft, what)
        if not over and (seen is None or draft.now - seen.at >= _EVERY):
            prices.ask_price(draft, what.instrument, what.symbol)
        if seen is None or draft.now - seen.at > prices.SEEN_FRESH:
            unwatched[bracket.id] = draft.evidence.unwatched.get(bracket.id, draft.now)
        if seen is not None:
            _look(draft, bracket, what, seen.value)
    _tell_blind(draft, unwatched)


def _has_levels(draft: Draft, bracket: Bracket) -> bool:
    what = bracket.underlying
    return what is not None and (what.stop is not None or bool(_targets(draft, bracket)))


def _targets(draft: Draft, bracket: Bracket) -> list[Leg]:
    return [leg for leg in coming_targets(draft, bracket) if leg.of is LevelOf.UNDERLYING]


def _is_its_time(draft: Draft, bracket: Bracket) -> bool:
    """Whether an exit could leave now, and nothing forbids it."""
    if bracket.goal is not Goal.OPEN or not draft.calendar.is_open(bracket.instrument.segment, draft.now):
        return False
    if rails.killed(draft, strategy=bracket.strategy, lane=bracket.lane) is not None:
        return False
    return not carried.in_question(draft, bracket) and not carried.waits(draft, bracket)


def _is_over(draft: Draft, what: Underlying) -> bool:
    """Whether it has expired: what is still told of it is its last price, as if it were one of now."""
    return hours.has_ended(draft, what.instrument.segment, what.expiry)


def _seen(draft: Draft, bracket: Bracket, what: Underlying) -> Price | None:
    """The last price of this session and since the position opened, if it is not too old: what traded then trades
    through a level also where reads are slow.
    """
    if _is_over(draft, what):
        return None
    seen, opened = draft.evidence.prices.get(what.instrument), hours.opened_at(draft, bracket.instrument.segment)
    if seen is None or opened is None or seen.at < max(opened, bracket.opened_at):
        return None
    return seen if draft.now - seen.at <= _UNKNOWN else None


def _look(draft: Draft, bracket: Bracket, what: Underlying, last: Decimal) -> None:
    if what.stopped(last):
        reason = f"{what.symbol} at {last} reached its stop {what.stop}"
        close(draft, bracket, closer=None, reason=reason)
        held = draft.holding(bracket).held
        draft.note("underlying_stop", bracket.id, f"{bracket.symbol}: {reason}; {held} held leave")
        return
    keep = draft.holding(bracket).held - leaving_quantity(draft, bracket)
    for leg, units in open_targets(draft, bracket, keep):
        is_watched = leg.of is LevelOf.UNDERLYING and units > 0
        if not is_watched or leg.level is None or not what.reaches(leg.level.value, last):
            continue
        reason = f"{what.symbol} at {last} reached its target {leg.level.value}"
        if units >= keep:
            close(draft, bracket, closer=None, reason=reason)
        else:
            add_exit(draft, bracket, cause=SignalId(leg.id), quantity=units)
        keep -= units
        draft.note("target", bracket.id, f"{bracket.symbol}: {reason}; {units} leave")


def _tell_blind(draft: Draft, unwatched: dict[BracketId, datetime]) -> None:
    """Say once of each position that its underlying's price is missing for too long."""
    blind = frozenset(one for one, since in unwatched.items() if draft.now - since >= _UNKNOWN)
    for one in sorted(blind - draft.evidence.blind):
        bracket = draft.brackets[one]
        assert bracket.underlying is not None, "only what has one is watched"
        symbol, over = bracket.underlying.symbol, _is_over(draft, bracket.underlying)
        why = f"{symbol} has expired" if over else f"no price of {symbol} for {_UNKNOWN.seconds} s"
        text = f"{bracket.symbol}: {why}, so its levels are not watched; the disaster stop on the contract stands"
        draft.note("underlying_unknown", one, text, alarm=True)
    if (unwatched, blind) != (draft.evidence.unwatched, draft.evidence.blind):
        draft.learn(unwatched=unwatched, blind=blind)
