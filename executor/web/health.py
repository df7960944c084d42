"""What machines ask: does the process live, is the house ready to trade."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from executor.errors import StoreError
from executor.web.parts import WebParts

#: A trader that has not beaten for this long is silent (a lease lasts 5 s).
_SILENT = timedelta(seconds=5)


def health(parts: WebParts) -> Blueprint:
    blueprint = Blueprint("health", __name__)

    @blueprint.get("/healthz")
    def healthz() -> Response:
        """The web process answers."""
        return jsonify(ok=True)

    @blueprint.get("/readyz")
    def readyz() -> tuple[Response, HTTPStatus]:
        """Database, trader's beat and broker session; 503 while one of them is missing."""
        try:
            standing = parts.store.pages.standing()
        except StoreError:
            return jsonify(ready=False, database=False), HTTPStatus.SERVICE_UNAVAILABLE
        now = parts.clock.now()
        beats = [beat for _, beat in standing.accounts if beat is not None]
        alive = [beat for beat in beats if now - beat.at < _SILENT]
        ready = [beat for beat in alive if beat.status.get("reconciled")]
        status = HTTPStatus.OK if ready else HTTPStatus.SERVICE_UNAVAILABLE
        return jsonify(ready=bool(ready), database=True, trader=bool(alive), session=bool(ready)), status

    return blueprint
