"""One intent to the broker, once: place, modify or cancel. Every end is an answer; nothing is repeated here."""

from __future__ import annotations

from typing import assert_never

from executor.broker.smartapi import calls
from executor.broker.smartapi.calls import Caller, Route
from executor.broker.smartapi.classify import write_answer
from executor.broker.smartapi.fields import cancel_body, is_sendable, modify_body, place_body
from executor.domain.intent import Intent, IntentKind, OrderRequest, RefusalReason, Refused, Sent


def send(intent: Intent, *, caller: Caller, jwt: str) -> Sent:
    """Send an intent and judge the answer."""
    found = _words(intent.kind, intent.request)
    if isinstance(found, Refused):
        return Sent(found, ())
    route, body = found
    exchange = caller.call(route, body=body, jwt=jwt)
    changed = None if intent.kind is IntentKind.PLACE else intent.request.broker_id
    return Sent(write_answer(exchange, changed=changed), (exchange.call,))


def _words(kind: IntentKind, request: OrderRequest) -> tuple[Route, dict[str, str]] | Refused:
    """Route and body; a refusal of our own for what cannot be said on this wire."""
    if kind is not IntentKind.CANCEL and not is_sendable(request):
        return _never_sent(f"type and trigger: {request.type} with trigger {request.trigger} is not sent")
    order = request.broker_id
    if kind is not IntentKind.PLACE and order is None:
        return _never_sent("broker_id: the order has none yet, so it cannot be changed")
    match kind:
        case IntentKind.PLACE:
            return calls.PLACE, place_body(request)
        case IntentKind.MODIFY:
            assert order is not None
            return calls.MODIFY, modify_body(request, order)
        case IntentKind.CANCEL:
            assert order is not None
            return calls.CANCEL, cancel_body(request, order)
        case _:
            assert_never(kind)


def _never_sent(text: str) -> Refused:
    return Refused(RefusalReason.NEVER_SENT, text)
