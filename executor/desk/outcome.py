"""Conclude from quantities: the state of each bracket and the outcome of each signal. Never from an event alone."""

from __future__ import annotations

from dataclasses import replace

from executor.desk.book import Draft
from executor.domain.bracket import Bracket, BracketState, Goal, Leg, Role
from executor.domain.messages import IntentState
from executor.domain.order import DONE, TERMINAL, Order, OrderState
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Outcome, Signal, SignalState

#: Outcomes that a late truth may correct.
_UNFILLED = frozenset({Outcome.NOT_FILLED, Outcome.NOT_PLACED, Outcome.REJECTED, Outcome.EXPIRED})


def conclude(draft: Draft) -> None:
    for bracket in draft.live_brackets():
        _advance(draft, bracket)
    for signal in list(draft.signals.values()):
        if signal.state is SignalState.WORKING:
            _end_if_done(draft, signal)
        elif signal.outcome in _UNFILLED:
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
    held = draft.holding(bracket).held
    entries = draft.orders_of_bracket(bracket.id, Role.ENTRY)
    entering = any(_may_fill(draft, leg, order) for leg, order in entries) or _unstarted(draft, bracket)
    if bracket.goal is Goal.OPEN and held == 0 and not entering:
        reason = "closed by a leg of its own" if draft.holding(bracket).entered else "nothing was entered"
        bracket = replace(bracket, goal=Goal.FLAT, closing_reason=reason)
    state = _state_of(draft, bracket, held=held, entering=entering)
    if state is not bracket.state:
        draft.note(
            "bracket", bracket.id, f"{bracket.symbol}: {state}, {held} held ({bracket.closing_reason or 'as meant'})"
        )
    draft.put(replace(bracket, state=state))


def _state_of(draft: Draft, bracket: Bracket, *, held: int, entering: bool) -> BracketState:
    if bracket.goal is Goal.OPEN:
        return BracketState.OPEN if held else BracketState.OPENING
    alive = entering or any(order.state not in DONE for _, order in draft.orders_of_bracket(bracket.id))
    return BracketState.CLOSING if held or alive else BracketState.CLOSED


def _unstarted(draft: Draft, bracket: Bracket) -> bool:
    legs = draft.legs_of(bracket.id, Role.ENTRY)
    return any(leg.wanted and not draft.orders_of(leg.id) for leg in legs) and bracket.goal is Goal.OPEN


def _may_fill(draft: Draft, leg: Leg, order: Order) -> bool:
    if order.state not in DONE:
        return True
    return leg.wanted and order.state is OrderState.REJECTED and may_try_again(draft, leg)


#: Refusals that prove the order was not processed and may pass a moment later, with how often they are tried again.
_AGAIN = {"REFUSED NEVER_SENT": 3, "REFUSED SESSION": 1, "REFUSED RATE": 1}


def may_try_again(draft: Draft, leg: Leg) -> bool:
    """Whether an entry whose newest attempt was refused with proof may be sent once more."""
    attempts = draft.orders_of(leg.id)
    placing = draft.placing(attempts[-1].id) if attempts else None
    if placing is None or placing.state is not IntentState.REFUSED:
        return False
    kind = (placing.outcome or "").split(":")[0]
    same = [o for o in attempts if (p := draft.placing(o.id)) and (p.outcome or "").split(":")[0] == kind]
    return len(same) <= _AGAIN.get(kind, 0)


# -- signals -----------------------------------------------------------------------------------------------------


def _end_if_done(draft: Draft, signal: Signal) -> None:
    legs = [leg for leg in draft.legs.values() if leg.cause == signal.id and leg.role in {Role.ENTRY, Role.EXIT}]
    closing = [row for row in draft.brackets.values() if row.closer == signal.id]
    if closing:
        if all(row.state is BracketState.CLOSED for row in closing):
            _end_exit(draft, signal, closing)
        return
    entry = [leg for leg in legs if leg.role is Role.ENTRY]
    if legs and all(_leg_ended(draft, leg) for leg in legs):
        _end_legs(draft, signal, entry or legs)


def _leg_ended(draft: Draft, leg: Leg) -> bool:
    orders = draft.orders_of(leg.id)
    if not orders:
        return not leg.wanted or draft.brackets[leg.bracket].goal is Goal.FLAT
    return all(order.state in DONE for order in orders) and not (
        leg.wanted and orders[-1].state is OrderState.REJECTED and may_try_again(draft, leg)
    )


def _end_legs(draft: Draft, signal: Signal, legs: list[Leg]) -> None:
    orders = [order for leg in legs for order in draft.orders_of(leg.id)]
    asked = sum(leg.quantity for leg in legs)
    if all(_never_sent(draft, order) for order in orders):
        detail = next((leg.reason for leg in legs if leg.reason), "the position was closed before it was sent")
        end_signal(draft, signal, Outcome.EXPIRED, Refusal(RefusalCode.STALE, detail))
        return
    outcome = outcome_of(orders, asked)
    end_signal(draft, signal, outcome, None, reason=_reason(legs, orders, outcome))


def _never_sent(draft: Draft, order: Order) -> bool:
    placing = draft.placing(order.id)
    return placing is None or placing.state is IntentState.DROPPED


def _end_exit(draft: Draft, signal: Signal, closed: list[Bracket]) -> None:
    left = sum(draft.holding(row).left for row in closed)
    if left:
        end_signal(draft, signal, Outcome.FILLED, None, reason=f"{left} left; the position is closed")
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
    """A fill that came after the end corrects the outcome once; the audit keeps both."""
    legs = [leg for leg in draft.legs.values() if leg.cause == signal.id and leg.role is Role.ENTRY]
    orders = [order for leg in legs for order in draft.orders_of(leg.id)]
    if not any(order.filled for order in orders) or not all(
        order.state in TERMINAL for order in orders if order.filled
    ):
        return
    outcome = outcome_of(orders, sum(leg.quantity for leg in legs))
    end_signal(draft, signal, outcome, None, reason=f"late: {_reason(legs, orders, outcome)} (was {signal.outcome})")
