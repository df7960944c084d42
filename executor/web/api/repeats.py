"""`Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): what is asked again under its key is done once.

A request is put down as begun before anything is done, and its answer is kept, sealed, because it may hold a secret
address. Only an answer that proves that nothing was done is forgotten. What began and was never answered, because web
ended meanwhile, is never begun again: a person looks what came of it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
from http import HTTPStatus
from typing import Any

from flask import Response, g, request

from executor.clock import Clock
from executor.config.secrets import Keys, seal, unseal
from executor.errors import ConfigError, StoreError
from executor.store.api_answers import KEPT, ApiAnswers, Begun
from executor.web.api.problems import NOTHING_DONE, Failed

_LOG = logging.getLogger(__name__)

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
_KEY = r"[A-Za-z0-9._:~+/=-]{1,100}"
_GIVEN = re.compile(f'{_KEY}|"{_KEY}"')
#: Who stops or leaves must be able to while the disk is full.
_URGENT = ("commands.", "accounts.")

#: How the OpenAPI document tells of the header.
PARAMETER: dict[str, Any] = {
    "in": "header",
    "name": HEADER,
    "description": (
        "a text of your own, new for each thing that is to be done, such as a UUID, plain or in quotes: asked again "
        f"with the same key and body within {KEPT.days} days, it is not done again, and the first answer is given"
    ),
    "schema": {"type": "string", "pattern": f'^({_KEY}|"{_KEY}")$'},
}


class Repeats:
    def __init__(self, answers: ApiAnswers, keys: Keys, system: Clock) -> None:
        self._answers = answers
        self._keys = keys
        self._system = system

    def before(self) -> Response | None:
        """The answer that was given already; None where what is asked is to be done. Raises Failed, StoreError."""
        given = request.headers.get(HEADER)
        if given is None or request.endpoint is None or request.method in {"GET", "HEAD", "OPTIONS"}:
            return None
        key, sha256 = _key(given), _hash()
        urgent = request.endpoint.startswith(_URGENT)
        sealed = seal(self._keys, sha256)  # what is asked may be a code of six digits
        first = self._answers.begin(g.token.id, key, sealed, at=self._system.now(), urgent=urgent)
        if first is None:
            g.begun = key
            return None
        return self._as_answered(first, sha256)

    def after(self, answer: Response) -> Response:
        """Keep the answer of what was begun, or forget that it was."""
        key: str | None = g.pop("begun", None)
        if key is None:
            return answer
        try:
            if _proves_that_nothing_was_done(answer):
                self._answers.forget(g.token.id, key)
            else:
                kept = [answer.status_code, answer.mimetype, answer.get_data(as_text=True)]
                self._answers.finish(g.token.id, key, seal(self._keys, json.dumps(kept)))
        except StoreError as error:  # it stays begun: nobody does it again
            _LOG.error("an answer was not kept: %s", error)
        return answer

    def _as_answered(self, first: Begun, sha256: str) -> Response:
        if self._open(first.sha256) != sha256:
            detail = f"This {HEADER} came with another request at {first.at.isoformat(timespec='seconds')}."
            remedy = "Give each thing that is to be done a key of its own; nothing was done."
            raise Failed(HTTPStatus.UNPROCESSABLE_ENTITY, code="key_reused", detail=detail, remedy=remedy)
        if first.answer is None:
            detail = (
                f"A request with this {HEADER} began at {first.at.isoformat(timespec='seconds')} and has no answer."
            )
            remedy = (
                "Ask again in a second. If it stays so, web ended before it could answer: look whether it was done "
                "before you ask with another key."
            )
            raise Failed(HTTPStatus.CONFLICT, code="unfinished", detail=detail, remedy=remedy)
        status, mimetype, body = json.loads(self._open(first.answer))
        return Response(body, status, {REPLAYED: "true"}, mimetype=mimetype)

    def _open(self, sealed: str) -> str:
        """Raises Failed: what was done must not be told as refused."""
        try:
            return unseal(self._keys, sealed)
        except ConfigError:
            detail = f"A request with this {HEADER} came before; it was sealed with a SECRET_KEY that is not here."
            remedy = "Look whether it was done before you ask with another key."
            raise Failed(HTTPStatus.CONFLICT, code="answer_lost", detail=detail, remedy=remedy) from None


def _key(given: str) -> str:
    """The key without its quotes. Raises Failed."""
    if not _GIVEN.fullmatch(given):
        detail = f"{HEADER} is up to 100 letters, digits and any of . _ : ~ + / = -, plain or in quotes."
        raise Failed(HTTPStatus.UNPROCESSABLE_ENTITY, code="bad_key", detail=detail)
    return given.strip('"')


def _hash() -> str:
    """What is asked: by another way, of another thing or with another body it is another request."""
    asked = f"{request.method} {request.path}\n".encode() + request.get_data()
    return hashlib.sha256(asked).hexdigest()


def _proves_that_nothing_was_done(answer: Response) -> bool:
    if answer.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        said = answer.get_json(silent=True) or {}
        return bool(said.get("code") == NOTHING_DONE)
    return HTTPStatus.BAD_REQUEST <= answer.status_code < HTTPStatus.INTERNAL_SERVER_ERROR
