"""What machines ask: does the process live, is the house ready to trade, and how much of what there is.

`/metrics` and the details of `/readyz` are for who asks on this machine, without a proxy between, or shows a token of
the API.
"""

from __future__ import annotations

from http import HTTPStatus
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from executor.errors import StoreError
from executor.store.health import counted
from executor.store.tokens import Tokens
from executor.web.api.bearer import bearer_of
from executor.web.parts import WebParts

_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")


def health(parts: WebParts) -> Blueprint:
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        """The web process answers."""
        return jsonify(ok=True)

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, HTTPStatus]:
        """Database, trader's beat, broker session; 503 while one is missing."""
        found = _standing(parts)
        status = HTTPStatus.OK if found["ready"] else HTTPStatus.SERVICE_UNAVAILABLE
        return jsonify(found if _may_look(parts) else {"ready": found["ready"]}), status

    @blueprint.get("/metrics")
    def metrics() -> Response:
        """Numbers for Prometheus, made from rows at each request."""
        if not _may_look(parts):
            words = "Ask on the machine itself for localhost, or with a token: `executor api-token create`.\n"
            answer = Response(words, HTTPStatus.UNAUTHORIZED, mimetype="text/plain")
            answer.headers["WWW-Authenticate"] = "Bearer"
            return answer
        from executor.web.metrics import CONTENT_TYPE, exposition  # the library with it: for who is asked, once

        try:
            return Response(exposition(parts), content_type=CONTENT_TYPE)
        except StoreError:
            return Response("The database does not answer.\n", HTTPStatus.SERVICE_UNAVAILABLE, mimetype="text/plain")

    return blueprint


def _standing(parts: WebParts) -> dict[str, bool]:
    try:
        found = counted(parts.store.pages.standing(), parts.clock.now(), parts.expected())
    except StoreError:
        return {"ready": False, "database": False}
    return {"ready": found.is_ready, "database": True, "trader": found.is_alive, "session": found.is_ready}


def _may_look(parts: WebParts) -> bool:
    return _is_local() or _has_token(parts)


def _has_token(parts: WebParts) -> bool:
    text = bearer_of(request.headers)
    if text is None:
        return False
    try:
        return Tokens(parts.store.database).verify(text, parts.system.now()) is not None
    except StoreError:
        return False


def _is_local() -> bool:
    """Whether the peer is on loopback and no proxy stands between: a proxy on this machine says so in its headers.

    It must ask for this machine by its own name, too: a page of another site that resolves to us is read by a browser
    here.
    """
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        asked = urlsplit(f"//{request.headers.get('Host', '')}").hostname or ""
        return _is_loopback(request.remote_addr or "") and (asked == "localhost" or _is_loopback(asked))
    except ValueError:
        return False


def _is_loopback(address: str) -> bool:
    return ip_address(address).is_loopback
