"""What is answered when something cannot be done: application/problem+json (RFC 9457), as the webhook's errors are.

`errors` names each field that is wrong, with a sentence of its own.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from flask import Flask, Response, request
from gunicorn.http.errors import NoMoreData, ParseException
from marshmallow import fields
from werkzeug.exceptions import HTTPException

from executor.alerts.strategies import ChangedMeanwhile, NoSuchAlert, NoSuchStrategy
from executor.config.schema import FieldErrors
from executor.errors import ConfigError, NotRecorded, StoreError
from executor.web.api.fields import Answer, text

_LOG = logging.getLogger(__name__)

MIMETYPE = "application/problem+json"
#: The code of an answer that the database could not take it.
NOTHING_DONE = "not_recorded"
_BODY_ERRORS = ("json", "query", "_schema")


class Problem(Answer):
    """How every error is answered."""

    type = text("always about:blank: the code tells problems apart")
    title = text("what kind of problem it is, in words")
    status = fields.Integer(required=True, metadata={"description": "the HTTP status"})
    code = text("the kind as one word", required=False)
    detail = text("what was found", required=False)
    remedy = text("what to do", required=False)
    errors = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "sentences by the name of the field that is wrong"},
    )


class Failed(HTTPException):
    """Ends a request with a problem."""

    def __init__(
        self,
        status: HTTPStatus,
        *,
        code: str,
        detail: str,
        remedy: str = "",
        errors: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = status.value
        said = {"code": code, "detail": detail, "remedy": remedy, "errors": errors}
        self.answer = _problem(status, {name: value for name, value in said.items() if value})
        self.answer.headers.update(headers or {})


def not_found(what: str) -> Failed:
    return Failed(HTTPStatus.NOT_FOUND, code="not_found", detail=f"There is no {what}.")


def wrong_fields(errors: Mapping[str, Sequence[str]]) -> Failed:
    detail = "; ".join(f"{field}: {words}" for field, sentences in errors.items() for words in sentences)
    return Failed(HTTPStatus.UNPROCESSABLE_ENTITY, code="bad_field", detail=detail, errors=errors)


def add_problems(app: Flask) -> None:
    """Answer every error in this form; of an error of ours no more than that it was one."""
    app.register_error_handler(HTTPException, _http_error)
    for broken in (NoMoreData, ParseException):
        app.register_error_handler(broken, _broken_body)
    app.register_error_handler(ConfigError, _wrong)
    app.register_error_handler(StoreError, _no_database)


def _http_error(error: HTTPException) -> Response:
    if isinstance(error, Failed):
        return error.answer
    found = getattr(error, "data", None) or {}
    if "messages" in found:  # webargs: what a schema says of a query or body
        by_field = dict(_by_field(found["messages"]))
        if error.code == HTTPStatus.UNPROCESSABLE_ENTITY:
            return wrong_fields(by_field).answer
        return Failed(HTTPStatus(error.code or 400), code="not_json", detail="The body is not JSON.").answer
    answer = _no_route(error).answer
    for name, value in error.get_headers():
        if name == "Allow":
            answer.headers[name] = value
    return answer


def _no_route(error: HTTPException) -> Failed:
    """What no route of ours answered, in the same words as theirs."""
    status = HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR)
    code, remedy = status.phrase.lower().replace(" ", "_"), "`/api/v1/openapi.json` lists all there is."
    match status:
        case HTTPStatus.NOT_FOUND:
            return Failed(status, code=code, detail=f"There is no {request.path}.", remedy=remedy)
        case HTTPStatus.METHOD_NOT_ALLOWED:
            return Failed(status, code=code, detail=f"{request.method} is not for {request.path}.", remedy=remedy)
        case _:
            return Failed(status, code=code, detail=error.description or status.description)


def _broken_body(_error: Exception) -> Response:
    """What gunicorn raises from reading a body."""
    return Failed(HTTPStatus.BAD_REQUEST, code="not_json", detail="The body is not framed as HTTP says.").answer


def _wrong(error: Exception) -> Response:
    """What a person asked for and cannot be: the same sentence as the command line says."""
    match error:
        case FieldErrors() if error.fields:
            return wrong_fields({name or "settings": [words] for name, words in error.fields.items()}).answer
        case NoSuchStrategy() | NoSuchAlert():
            return Failed(HTTPStatus.NOT_FOUND, code="not_found", detail=str(error)).answer
        case ChangedMeanwhile():
            return Failed(HTTPStatus.CONFLICT, code="changed_meanwhile", detail=str(error)).answer
        case _:
            return Failed(HTTPStatus.UNPROCESSABLE_ENTITY, code="refused", detail=str(error)).answer


def _no_database(error: Exception) -> Response:
    _LOG.error("an API request failed: %s", error)
    code, done = "in_doubt", "Nobody can tell whether it was done: look before you ask again."
    if isinstance(error, NotRecorded):
        code, done = NOTHING_DONE, "Nothing was done; ask again."
    remedy = f"{done} `executor kill` works without the database, on the machine itself."
    status = HTTPStatus.SERVICE_UNAVAILABLE
    return Failed(status, code=code, detail="The database does not answer.", remedy=remedy).answer


def _by_field(messages: Any, path: str = "") -> Any:
    """The sentences by the dotted name of their field."""
    if not isinstance(messages, Mapping):
        yield path or "body", list(messages) if isinstance(messages, list) else [str(messages)]
        return
    for name, inner in messages.items():
        deeper = path if name in _BODY_ERRORS else f"{path}.{name}" if path else str(name)
        yield from _by_field(inner, deeper)


def _problem(status: HTTPStatus, said: Mapping[str, object]) -> Response:
    body = {"type": "about:blank", "title": status.phrase, "status": status.value, **said}
    return Response(json.dumps(body), status, mimetype=MIMETYPE)
