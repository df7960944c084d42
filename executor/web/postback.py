"""POST /postback/<secret>: the broker says that an order has changed (smartapi.md 2.18).

It is not signed, so it is a hint to look and never truth: nothing of its body is kept, many become one, and the
trader reads the order book. The address is as secret as a hook's and made in the same way, one for each account.
"""

from __future__ import annotations

import logging
from http import HTTPStatus

from flask import Blueprint, Response, request
from gunicorn.http.errors import ParseException

from executor.alerts.address import account_of
from executor.alerts.parse import MAX_BYTES
from executor.domain.refusal import Refusal, RefusalCode
from executor.errors import StoreError
from executor.store.hints import Hints
from executor.web.answer import json_answer, problem
from executor.web.authenticity import source_of
from executor.web.parts import WebParts

_LOG = logging.getLogger(__name__)


def postback(parts: WebParts) -> Blueprint:
    """The blueprint of the broker's way in."""
    blueprint = Blueprint("postback", __name__)
    hints = Hints(parts.store.database)

    @blueprint.post("/postback/<secret>", strict_slashes=False, provide_automatic_options=False)
    def take(secret: str) -> Response:
        try:
            request.stream.read(MAX_BYTES + 1)  # else a proxy would reuse a connection with the rest on it
        except (OSError, ParseException):
            return problem(HTTPStatus.BAD_REQUEST)
        try:
            names = [account.name for account in parts.store.people.accounts()]
            account = account_of(parts.keys, names, secret)
            if account is None:
                return _unknown(parts)
            if hints.give(account, at=parts.clock.now()):
                parts.doorbell.ring()
        except StoreError as error:
            _LOG.error("a postback was not noted: %s", error)
            return problem(HTTPStatus.SERVICE_UNAVAILABLE, Refusal(RefusalCode.NOT_RECORDED))
        return json_answer(HTTPStatus.OK, {"state": "NOTED"})

    return blueprint


def _unknown(parts: WebParts) -> Response:
    source = source_of(request.remote_addr, request.headers.get("X-Forwarded-For", ""), parts.trusted_proxies)
    parts.floods.count(source, "an unknown postback", parts.clock.now())
    return problem(HTTPStatus.NOT_FOUND)
