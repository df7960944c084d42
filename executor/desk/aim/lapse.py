"""Nothing waits for ever: unsent entries end with their freshness or a halt, working ones with `entry_ttl`.

What filled is kept; the rest is cancelled by `want`, because its leg is no longer wanted.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from executor.desk import hours, prices, rails, stops
from executor.desk.aim.leave import open_exits
from executor.desk.book import Draft
from executor.desk.outcome import may_fill, waits, withdraw
from executor.desk.settle import is_lost
from executor.desk.slices import slices_held, slices_of
from executor.domain.bracket import Bracket, Goal, Leg, Role
from executor.domain.entry import MARKET_LASTS
from executor.domain.ids import LegId
from executor.domain.order import WORKING
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Outcome
from executor.domain.strategy import Protection

#: A target refused, rejected or taken away this often is given up: the bracket runs on with its stop (F-46).
TARGET_ATTEMPTS = 2


def lapse(draft: Draft) -> None:
    for bracket in draft.judged():
        for leg in draft.legs_of(bracket.id, Role.ENTRY):
            if leg.wanted:
                _lapse_entry(draft, bracket, leg)
        for leg in open_exits(draft, bracket):
            _lapse_exit(draft, bracket, leg)
        for leg in draft.legs_of(bracket.id, Role.TARGET):
            if leg.wanted:
                _lapse_target(draft, bracket, leg)
        for leg in draft.legs_of(bracket.id, Role.STOP):
            if leg.wanted and bracket.goal is Goal.OPEN:
                _lapse_stop(draft, bracket, leg)


def _lapse_entry(draft: Draft, bracket: Bracket, leg: Leg) -> None:
    if waits(draft, leg):
        halted = rails.halted(draft, strategy=bracket.strategy, lane=bracket.lane)
        fired_at = draft.signals[leg.cause].fired_at
        if halted is not None:
            withdraw(draft, leg, Outcome.REFUSED, halted)
        elif draft.now - fired_at > rails.ENTRY_LIFE:
            age = f"it could not be sent in time: {rails.age_words(draft, fired_at)}"
            withdraw(draft, leg, Outcome.EXPIRED, Refusal(RefusalCode.STALE, age))
    slices = draft.orders_of(leg.id)[-slices_of(bracket, leg.quantity) :]
    placings = [draft.placing(order.id) for order in slices if order.state in WORKING]
    sent = [placing.sending_at for placing in placings if placing and placing.sending_at]
    lasts = timedelta(seconds=leg.lasts or MARKET_LASTS)
    if draft.legs[leg.id].wanted and sent and draft.now - min(sent) > lasts:
        text = f"not filled within {lasts.total_seconds():.0f} s"
        draft.put(replace(leg, wanted=False, reason=text))
        draft.note("lapsed", leg.cause, text)


def _lapse_target(draft: Draft, bracket: Bracket, leg: Leg) -> None:
    lost = [order for order in draft.orders_of(leg.id) if is_lost(draft, order)]
    attempts = TARGET_ATTEMPTS * slices_held(draft, bracket)
    if len(lost) >= attempts and draft.brackets[bracket.id].protection is not Protection.SINGLE:
        text = f"refused or taken away {len(lost)} times: {lost[-1].text}"
        if bracket.protection is Protection.PAIR:
            draft.put(replace(draft.brackets[bracket.id], protection=Protection.SINGLE))
        else:
            draft.put(replace(leg, wanted=False, reason=text))
        text = f"{bracket.symbol} runs on with its stop alone, the price watches the target: {text}"
        draft.note("target_dropped", bracket.id, text, alarm=True)


def _lapse_stop(draft: Draft, bracket: Bracket, leg: Leg) -> None:
    """A stop that a hand cancelled is restored once; the second cancel is the person's word (F-41)."""
    taken = [order for order in stops.taken_stops(draft, bracket) if order.leg == leg.id]
    trades = hours.takes_stops(draft, bracket.instrument.segment)
    if taken and trades and prices.seen_price(draft, bracket.instrument) is None:
        prices.ask_price(draft, bracket.instrument, bracket.symbol)  # the next cancel is judged by it
    if stops.are_meant(draft, bracket, taken) and not stops.passed(draft, bracket):
        draft.put(replace(leg, wanted=False, reason=f"cancelled by hand {len(taken)} times"))
        draft.put(replace(bracket, protection=Protection.NONE))
        text = f"{bracket.symbol}: its stop was cancelled by hand {len(taken)} times; it is not restored again"
        draft.note("stop_respected", bracket.id, text, alarm=True)


def _lapse_exit(draft: Draft, bracket: Bracket, leg: Leg) -> None:
    """A partial exit whose order ended is not sent again, so that its units are protected again.

    One for a target is made anew while the price is there, until it was in vain so often that the target is given up.
    """
    if not draft.orders_of(leg.id) or may_fill(draft, leg):
        return
    draft.put(replace(leg, wanted=False, reason="its order ended before it had filled"))
    target = draft.legs.get(LegId(leg.cause))
    in_vain = [one for one in draft.legs_by_cause(leg.cause) if one.role is Role.EXIT and not one.wanted]
    if target is not None and len(in_vain) >= TARGET_ATTEMPTS:
        text = f"selling for it came to nothing {len(in_vain)} times"
        draft.put(replace(target, wanted=False, reason=text))
        draft.note("target_dropped", bracket.id, f"{bracket.symbol} goes on with its stop: {text}", alarm=True)
