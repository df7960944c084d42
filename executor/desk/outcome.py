"""Conclude from quantities: the state of each bracket and the outcome of each signal. Never from an event alone."""

from __future__ import annotations

from dataclasses import replace

from executor.desk.book import Draft
from executor.desk.rows import UNDECIDED
from executor.desk.settle import PASSING, passing_refusal, refused_how
from executor.desk.slices import slices_of
from executor.domain.bracket import Bracket, BracketState, Goal, Leg, Role
from executor.domain.order import DONE, Order, OrderState
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Outcome, Signal, SignalState


def conclude(draft: Draft) -> None:
    for bracket in draft.judged():
        _advance(draft, bracket)
    for signal in draft.watched(UNDECIDED):
        if signal.state is SignalState.WORKING:
            _end_if_done(draft, signal, draft.closed_by(signal.id))
        else:
            _correct_late(draft, signal)


def end_signal(draft: Draft, signal: Signal, outcome: Outcome, refusal: Refusal | None, *, reason: str = "") -> None:
    """End a signal with its one outcome; the reason is the refusal's sentence, or the broker's words."""
    said = refusal.sentence if refusal else reason
    ended = replace(
        signal,
        state=SignalState.ENDED,
        outcome=outcome,
        code=refusal.code if refusal else signal.code,
        reason=said or None,
    )
    draft.put(ended, before=signal)
    draft.note("outcome", signal.id, f"{outcome}{': ' + said if said else ''}")


# -- brackets ----------------------------------------------------------------------------------------------------


def _advance(draft: Draft, bracket: Bracket) -> None:
    held, entered = draft.holding(bracket).held, draft.holding(bracket).entered
    entering = any(may_fill(draft, leg) for leg in draft.legs_of(bracket.id, Role.ENTRY))
    # an add that is still coming when the stop has sold all is withdrawn: it was meant for what is gone
    if bracket.goal is Goal.OPEN and held <= 0 and (entered or not entering):
        reason = "closed by a leg of its own" if entered else "nothing was entered"
        bracket = replace(bracket, goal=Goal.FLAT, closing_reason=reason)
        for leg in draft.legs_of(bracket.id, Role.EXIT):
            withdraw(draft, leg, Outcome.NOTHING_TO_DO, Refusal(RefusalCode.NOTHING_HELD, reason))
        for leg in draft.legs_of(bracket.id, Role.ENTRY):
            if leg.wanted and may_fill(draft, leg):
                withdraw(draft, leg, Outcome.SUPERSEDED, Refusal(RefusalCode.SUPERSEDED, reason))
    state = _state_of(draft, bracket, held=held)
    if state is not bracket.state:
        draft.note(
            "bracket", bracket.id, f"{bracket.symbol}: {state}, {held} held ({bracket.closing_reason or 'as meant'})"
        )
        bracket = replace(bracket, state=state, closed_at=draft.now if state is BracketState.CLOSED else None)
    if bracket is not draft.brackets[bracket.id]:
        draft.put(bracket)


def _state_of(draft: Draft, bracket: Bracket, *, held: int) -> BracketState:
    if bracket.goal is Goal.OPEN:
        return BracketState.OPEN if held else BracketState.OPENING
    alive = any(order.state not in DONE for _, order in draft.orders_of_bracket(bracket.id))
    return BracketState.CLOSING if held or alive else BracketState.CLOSED


def may_fill(draft: Draft, leg: Leg) -> bool:
    """Whether more may come of a leg: an order of it lives, or one is still to be sent."""
    return waits(draft, leg) or any(order.state not in DONE for order in draft.orders_of(leg.id))


def waits(draft: Draft, leg: Leg) -> bool:
    """Whether a leg is wanted and provably something of it is not at the broker, but may be sent (again)."""
    return leg.wanted and vacant(draft, leg) > 0 and _may_try_again(draft, leg)


def vacant(draft: Draft, leg: Leg) -> int:
    """How many orders of a leg are still to be sent; of several slices those count that broker or exchange took."""
    return slices_of(draft.brackets[leg.bracket], leg.quantity) - len(taken(draft, leg))


def taken(draft: Draft, leg: Leg) -> list[Order]:
    """The orders of a leg that were looked at, or may have been: none of them is sent again."""
    unseen = {order.id for order in refused_unseen(draft, leg)}
    return [order for order in draft.orders_of(leg.id) if draft.was_sent(order.id) and order.id not in unseen]


def refused_unseen(draft: Draft, leg: Leg) -> list[Order]:
    """The orders of a leg that were refused with proof, without being looked at."""
    rejected = [order for order in draft.orders_of(leg.id) if order.state is OrderState.REJECTED]
    return [order for order in rejected if passing_refusal(draft.placing(order.id))]


def withdraw(draft: Draft, leg: Leg, outcome: Outcome, refusal: Refusal) -> None:
    """Place no (further) order for a leg; where nothing of it was ever taken, its signal ends with this."""
    signal = draft.signals.get(leg.cause)
    if signal is not None and signal.state is not SignalState.ENDED and waits(draft, leg) and not taken(draft, leg):
        end_signal(draft, signal, outcome, refusal)
    draft.put(replace(leg, wanted=False, reason=refusal.detail))


def _may_try_again(draft: Draft, leg: Leg) -> bool:
    """Whether what was refused without being looked at may be sent once more; slices sent together count as one."""
    refused = [(refused_how(draft.placing(order.id)), order.created_at) for order in refused_unseen(draft, leg)]
    if not refused:
        return True
    how = refused[-1][0]
    return len({at for one, at in refused if one == how}) <= PASSING[how]


# -- signals -----------------------------------------------------------------------------------------------------


def _end_if_done(draft: Draft, signal: Signal, closing: list[Bracket]) -> None:
    entry = [leg for leg in draft.legs_by_cause(signal.id) if leg.role is Role.ENTRY]
    if closing and not entry:  # the entry half decides what a reverse comes to
        if all(row.state is BracketState.CLOSED for row in closing):
            _end_exit(draft, signal, closing)
        return
    legs = entry or [leg for leg in draft.legs_by_cause(signal.id) if leg.role is Role.EXIT]
    if legs and not any(may_fill(draft, leg) for leg in legs):
        _end_legs(draft, signal, legs)


def _end_legs(draft: Draft, signal: Signal, legs: list[Leg]) -> None:
    orders = [order for leg in legs for order in draft.orders_of(leg.id)]
    outcome = outcome_of(orders, sum(leg.quantity for leg in legs))
    end_signal(draft, signal, outcome, None, reason=_reason(legs, orders, outcome))


def _end_exit(draft: Draft, signal: Signal, closed: list[Bracket]) -> None:
    left = sum(draft.holding(row).left for row in closed)
    if left:
        end_signal(draft, signal, Outcome.FILLED, None, reason=f"{left} left; the position is closed")
    elif outside := [row for row in closed if row.outside]:
        reason = outside[0].closing_reason or ""
        end_signal(draft, signal, Outcome.NOT_FILLED, None, reason=f"others closed the position first: {reason}")
    else:
        end_signal(
            draft, signal, Outcome.NOTHING_TO_DO, None, reason="nothing had been filled; the entry was withdrawn"
        )


def outcome_of(orders: list[Order], asked: int) -> Outcome:
    """What came of ended orders: by quantities first, then by how the last one ended."""
    filled = sum(order.filled for order in orders)
    if filled >= asked:
        return Outcome.FILLED
    if filled:
        return Outcome.PARTLY_FILLED
    last = orders[-1].state if orders else None
    return {OrderState.REJECTED: Outcome.REJECTED, OrderState.NOT_PLACED: Outcome.NOT_PLACED}.get(
        last or OrderState.CANCELLED, Outcome.NOT_FILLED
    )


def _reason(legs: list[Leg], orders: list[Order], outcome: Outcome) -> str:
    filled = sum(order.filled for order in orders)
    if outcome is Outcome.FILLED:
        cost = sum(order.filled * (order.average or order.sent_price) for order in orders)
        return f"{filled} filled at {round(cost / filled, 2)}" if filled else ""
    words = [f"{filled} of {sum(leg.quantity for leg in legs)} filled"] if filled else []
    words += [order.text for order in orders if order.text][-1:]
    words += [leg.reason for leg in legs if leg.reason]
    return "; ".join(words)


def _correct_late(draft: Draft, signal: Signal) -> None:
    """What came of an order after its signal had ended corrects the outcome once; the audit keeps both."""
    legs = [leg for leg in draft.legs_by_cause(signal.id) if leg.role is Role.ENTRY]
    orders = [order for leg in legs for order in draft.orders_of(leg.id)]
    if not any(order.shown for order in orders) or any(order.state not in DONE for order in orders):
        return
    outcome = outcome_of(orders, sum(leg.quantity for leg in legs))
    if outcome is not signal.outcome:
        reason = f"late: {_reason(legs, orders, outcome)} (was {signal.outcome})"
        end_signal(draft, replace(signal, code=None), outcome, None, reason=reason)
