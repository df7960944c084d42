"""POST /hook/<strategy>/<secret>: carry an arrival to its judgement, record it, ring, answer.

Thin on purpose. Recorded before it is answered; answered 503 only when it could not be recorded. Never a redirect,
never a cookie; the Content-Type is ignored. Answers: DESIGN section 5.
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import assert_never

from flask import Blueprint, Response, request

from executor.alerts.address import rotation_of
from executor.alerts.intake import Arrival, Judgement, judge
from executor.alerts.parse import MAX_BYTES
from executor.domain.delivery import Conflict, Delivery, Duplicate, Recorded, Recording
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.strategy import Strategy
from executor.errors import NotRecorded
from executor.web.answer import json_answer, problem
from executor.web.authenticity import kept_headers, source_of
from executor.web.parts import WebParts

_LOG = logging.getLogger(__name__)


def webhook(parts: WebParts) -> Blueprint:
    """The blueprint of the alert's way in."""
    blueprint = Blueprint("webhook", __name__)

    @blueprint.post("/hook/<strategy>/<secret>", strict_slashes=False)
    def hook(strategy: str, secret: str) -> Response:
        try:
            return _take(parts, strategy, secret)
        except NotRecorded as error:
            _LOG.error("an alert for %s was not recorded: %s", strategy, error)
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, Refusal(RefusalCode.NOT_RECORDED))

    return blueprint


def _take(parts: WebParts, name: str, secret: str) -> Response:
    now = parts.clock.now()
    source = source_of(request.remote_addr, request.headers.get("X-Forwarded-For", ""), parts.trusted_proxies)
    strategy = parts.store.people.strategy(name) if name.isprintable() else None
    rotation = rotation_of(parts.keys, strategy, secret) if strategy else None
    if strategy is None or rotation is None:
        parts.floods.count(source, "an unknown address", now)
        return _counted(parts, HTTPStatus.NOT_FOUND)
    judgement = _judge(parts, strategy, rotation, source)
    if not judgement.verified and parts.floods.is_over(source, now):
        parts.floods.count(source, f"unverified at {name}: {judgement.delivery.code}", now)
        return _counted(parts, HTTPStatus.TOO_MANY_REQUESTS)
    recording = parts.store.intake.record_delivery(judgement.delivery, judgement.signal)
    if judgement.signal is not None and isinstance(recording, Recorded):
        parts.doorbell.ring()
    return _answer(judgement, recording)


def _judge(parts: WebParts, strategy: Strategy, rotation: int, source: str) -> Judgement:
    arrival = Arrival(
        strategy=strategy,
        rotation=rotation,
        source=source,
        headers=kept_headers(request.headers),
        body=request.stream.read(MAX_BYTES + 1),
        received_at=parts.clock.now(),
    )
    return judge(arrival, keys=parts.keys, issued=parts.store.people.issued_alert, new_id=parts.new_id)


def _counted(parts: WebParts, status: HTTPStatus) -> Response:
    """Answer without detail what is only counted, and write down the minutes that are over."""
    parts.store.intake.record_flood(parts.floods.take_finished(parts.clock.now()))
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
