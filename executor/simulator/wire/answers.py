"""Envelopes of the answers (smartapi.md 6.1): business errors come with HTTP 200, rates as plain text."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from werkzeug.datastructures import Headers

RATE_TEXT = "Access denied because of exceeding access rate"
_WAF_PAGE = (
    "<html><head><title>Request Rejected</title></head><body>The requested URL was rejected. "
    "Please consult with your administrator.<br><br>Your support ID is: 0</body></html>"
)


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer; `kind` says in the journal what it was."""

    kind: str
    status: int
    body: bytes
    content_type: str = "application/json"


@dataclass(frozen=True, slots=True)
class Call:
    """One request as a handler sees it. `body` is None when it was not a JSON object."""

    route: str
    method: str
    path: str
    headers: Headers
    body: Mapping[str, Any] | None
    name: str = ""  #: the last part of the path, where it is an id
    reject: str | None = None  #: the exchange rejects the order with this text
    lag: timedelta = timedelta(0)  #: books are shown as they were so long ago


def success(data: Any) -> Answer:
    return _json("success", {"status": True, "message": "SUCCESS", "errorcode": "", "data": data})


def refused(code: str, message: str, *, data: Any = None) -> Answer:
    """Answer a business error, HTTP 200; codes of the gateway (AG…) get its own envelope."""
    if code.startswith("AG"):
        return _json("gateway", {"success": False, "message": message, "errorCode": code, "data": ""})
    return _json("refused", {"status": False, "message": message, "errorcode": code, "data": data})


def try_later() -> Answer:
    """Answer AB1004, which malformed JSON gets too."""
    return refused("AB1004", "Something Went Wrong, Please Try After Sometime")


def too_fast() -> Answer:
    return Answer("rate", 403, RATE_TEXT.encode(), "text/plain")


def firewall() -> Answer:
    return Answer("html", 200, _WAF_PAGE.encode(), "text/html")


def empty(status: int) -> Answer:
    return Answer("empty", status, b"", "text/plain")


def plain(status: int, body: Any) -> Answer:
    """Answer any status with a text, or a JSON value."""
    if isinstance(body, str):
        return Answer("status", status, body.encode(), "text/plain")
    return Answer("status", status, json.dumps(body).encode())


def halved(answer: Answer) -> Answer:
    """Leave the first half of a list that was answered; any other answer stays as it is."""
    data = json.loads(answer.body).get("data")
    return success(data[: len(data) // 2] or None) if isinstance(data, list) else answer


def _json(kind: str, value: Any) -> Answer:
    return Answer(kind, 200, json.dumps(value).encode())
