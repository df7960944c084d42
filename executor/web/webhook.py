"""POST /hook/<strategy>/<secret>, or /hook/<strategy> signed: carry an arrival to its judgement, record, ring, answer.

Thin on purpose. Recorded before it is answered; answered 503 only when it could not be recorded. Never a redirect,
never a cookie; the Content-Type is ignored. Answers: DESIGN section 5.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar, assert_never

from flask import Blueprint, Response, request
from gunicorn.http.errors import ParseException

from executor.alerts import signature
from executor.alerts.address import rotation_of
from executor.alerts.intake import Arrival, Judgement, examine, judge
from executor.alerts.parse import MAX_BYTES
from executor.clock import Clock
from executor.domain.delivery import Conflict, Delivery, Duplicate, Recorded, Recording
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.strategy import Strategy
from executor.errors import NotRecorded, StoreError
from executor.web.answer import json_answer, problem
from executor.web.authenticity import is_certified, kept_headers, source_of
from executor.web.parts import WebParts

_LOG = logging.getLogger(__name__)

#: What gunicorn raises from reading a body that is not framed as HTTP says.
_BROKEN = (OSError, ParseException)
#: When the store has taken this long, too little of the sender's 3 s is left for a step that may wait 2 s for a lock.
_PATIENCE_S = 0.5

_Found = TypeVar("_Found")


def webhook(parts: WebParts) -> Blueprint:
    """The blueprint of the alert's way in."""
    blueprint = Blueprint("webhook", __name__)

    @blueprint.post("/hook/<strategy>/<secret>", strict_slashes=False, provide_automatic_options=False)
    def hook(strategy: str, secret: str) -> Response:
        return take(strategy, secret)

    @blueprint.post("/hook/<strategy>", strict_slashes=False, provide_automatic_options=False)
    def signed_hook(strategy: str) -> Response:
        return take(strategy, None)

    def take(strategy: str, secret: str | None) -> Response:
        try:
            return _take(parts, strategy, secret)
        except StoreError as error:
            _LOG.error("an alert for %a was not recorded: %s", strategy[:40], error)
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, Refusal(RefusalCode.NOT_RECORDED))

    return blueprint


def _take(parts: WebParts, name: str, secret: str | None) -> Response:
    """Take what came to a secret address, or without a secret to the one for senders that sign."""
    source = source_of(request.remote_addr, request.headers.get("X-Forwarded-For", ""), parts.trusted_proxies)
    try:
        # read whatever the answer will be: over an unread body the server closes a connection that a proxy would reuse
        body = request.stream.read(MAX_BYTES + 1)
    except _BROKEN:
        return _counted(parts, source, "a broken body", HTTPStatus.BAD_REQUEST)
    steps = _Steps(parts.clock)
    strategy = steps.take(lambda: parts.store.people.strategy(name)) if name.isprintable() else None
    proof = _proof(parts, strategy, secret) if strategy else None
    if strategy is None or proof is None:
        return _counted(parts, source, "an unknown address", HTTPStatus.NOT_FOUND)
    headers, peer = request.headers, request.remote_addr
    certified = is_certified(headers, peer, certificates=parts.certificates, proxies=parts.trusted_proxies)
    arrival = Arrival(strategy, proof, source, kept_headers(headers), body, parts.clock.now(), certified)
    return _carry(parts, arrival, steps)


def _proof(parts: WebParts, strategy: Strategy, secret: str | None) -> int | signature.Headers | None:
    """What proves an arrival beside its body; None where the address is nobody's."""
    if secret is None:
        return signature.read_headers(request.headers.get)
    return rotation_of(parts.keys, strategy, secret)


def _carry(parts: WebParts, arrival: Arrival, steps: _Steps) -> Response:
    """Examine, record unless it is one too many, ring, answer."""
    store = parts.store
    examined = examine(
        arrival, keys=parts.keys, issued=lambda alert: steps.take(lambda: store.people.issued_alert(alert))
    )
    refusal = examined.refusal
    if refusal and not examined.verified and _is_over(parts, arrival):
        sample = f"unverified at {arrival.strategy.name}: {refusal.code}"
        return _counted(parts, arrival.source, sample, HTTPStatus.TOO_MANY_REQUESTS)
    judgement = judge(arrival, examined, new_id=parts.new_id)
    recording = steps.take(lambda: store.intake.record_delivery(judgement.delivery, judgement.signal))
    if judgement.signal is not None and isinstance(recording, Recorded):
        parts.doorbell.ring(judgement.signal.account)
    return _answer(judgement, recording)


def _is_over(parts: WebParts, arrival: Arrival) -> bool:
    anyones = isinstance(arrival.proof, signature.Headers)
    return parts.floods.is_over(arrival.source, len(arrival.body), arrival.received_at, anyones=anyones)


class _Steps:
    """What one arrival asks of the store, one step after the other, while there is time for the next."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._spent_s = 0.0

    def take(self, step: Callable[[], _Found]) -> _Found:
        """Take a step. Raises NotRecorded, without taking it, when those before took too long."""
        if self._spent_s > _PATIENCE_S:
            raise NotRecorded(f"the database took {self._spent_s:.1f} s, too long to record it in time")
        started = self._clock.monotonic()
        found = step()
        self._spent_s += self._clock.monotonic() - started
        return found


def _counted(parts: WebParts, source: str, sample: str, status: HTTPStatus) -> Response:
    """Count an arrival instead of keeping it, and answer without detail."""
    parts.floods.count(source, sample, parts.clock.now())
    return problem(status)


def _answer(judgement: Judgement, recording: Recording) -> Response:
    delivery, signal = judgement.delivery, judgement.signal
    if signal is None:
        return _refused(delivery, judgement.status)
    match recording:
        case Recorded():
            body = {"delivery": delivery.id, "signal": signal.id, "state": signal.state}
            return json_answer(HTTPStatus.ACCEPTED, body)
        case Duplicate(of):
            return json_answer(HTTPStatus.OK, {"delivery": delivery.id, "signal": of, "state": "DUPLICATE"})
        case Conflict(of):
            refusal = Refusal(RefusalCode.CONFLICT, f"the id belongs to signal {of}")
            return problem(HTTPStatus.CONFLICT, refusal, delivery=delivery.id, signal=of, state="CONFLICT")
        case _:
            assert_never(recording)


def _refused(delivery: Delivery, status: HTTPStatus) -> Response:
    assert delivery.code is not None
    return problem(status, Refusal(delivery.code, delivery.detail), delivery=delivery.id, state=delivery.verdict)
