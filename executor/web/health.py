"""What machines ask: does the process live, is the house ready to trade."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from ipaddress import ip_address

from flask import Blueprint, Response, jsonify, request

from executor.errors import StoreError
from executor.web.parts import WebParts

#: A trader that has not beaten for this long is silent (a lease lasts 5 s).
_SILENT = timedelta(seconds=5)
#: An account that was traded so lately should be: one that nobody trades any more is left out.
_TRADED = timedelta(days=1)
_FORWARDED = ("X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")


def health(parts: WebParts) -> Blueprint:
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        """The web process answers."""
        return jsonify(ok=True)

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, HTTPStatus]:
        """Database, trader's beat, broker session; 503 while one is missing. Details only on this machine."""
        found = _standing(parts)
        status = HTTPStatus.OK if found["ready"] else HTTPStatus.SERVICE_UNAVAILABLE
        return jsonify(found if _is_local() else {"ready": found["ready"]}), status

    return blueprint


def _standing(parts: WebParts) -> dict[str, bool]:
    try:
        standing = parts.store.pages.standing()
    except StoreError:
        return {"ready": False, "database": False}
    now = parts.clock.now()
    traded = [beat for _, beat in standing.accounts if beat is not None and now - beat.at < _TRADED]
    alive = [beat for beat in traded if now - beat.at < _SILENT]
    ready = [beat for beat in alive if beat.status.get("reconciled")]
    all_ready = bool(alive) and ready == traded  # the paper account must not hide another that is dead or has no login
    return {"ready": all_ready, "database": True, "trader": bool(alive), "session": all_ready}


def _is_local() -> bool:
    """Whether the peer is on loopback and no proxy stands between: a proxy on this machine says so in its headers."""
    if any(name in request.headers for name in _FORWARDED):
        return False
    try:
        return ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False
