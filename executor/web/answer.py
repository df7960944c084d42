"""The forms of an answer: JSON, and problems as RFC 9457 has them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus

from flask import Response

from executor.domain.refusal import WORDS, Refusal


def json_answer(status: HTTPStatus, body: Mapping[str, object]) -> Response:
    return Response(json.dumps(body), status, mimetype="application/json")


def problem(status: HTTPStatus, refusal: Refusal | None = None, **more: str) -> Response:
    """An error as application/problem+json; without a refusal it says no more than its status."""
    body: dict[str, object] = {"type": "about:blank", "title": status.phrase, "status": status.value}
    if refusal is not None:
        words = {"code": refusal.code, "title": WORDS[refusal.code].sentence, "remedy": refusal.remedy}
        body |= {**words, "detail": refusal.sentence}
    return Response(json.dumps(body | more), status, mimetype="application/problem+json")
