"""A noun's routes: each told with what it takes, what it gives, and every problem that it may be answered with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Any, TypeVar

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema
from webargs.flaskparser import FlaskParser

from executor.store.tokens import Scope
from executor.web.api import PREFIX
from executor.web.api.repeats import PARAMETER

View = TypeVar("View", bound=Callable[..., Any])

#: The one scheme: a token of `executor api-token create`.
SCHEME = "bearer"
#: What each problem means; those that every route may be answered with come first.
PROBLEMS = {
    HTTPStatus.UNAUTHORIZED: "no token, or one that is none (any more)",
    HTTPStatus.TOO_MANY_REQUESTS: "too many wrong tokens from this source: wait as Retry-After says",
    HTTPStatus.SERVICE_UNAVAILABLE: "the database does not answer; `remedy` says whether anything was done",
    HTTPStatus.UNPROCESSABLE_ENTITY: "a field is missing, unknown or of the wrong form; `errors` names it",
    HTTPStatus.NOT_FOUND: "there is no such thing",
    HTTPStatus.BAD_REQUEST: "the body is not JSON",
    HTTPStatus.FORBIDDEN: "the token's scope is read, and this takes trade",
    HTTPStatus.CONFLICT: "it was changed meanwhile, or one with this Idempotency-Key has no answer yet",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "the body is larger than 64 KiB",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "the body says that it is something other than JSON",
}
_ALWAYS = list(PROBLEMS)[:3]


class _Parser(FlaskParser):
    """A parameter that nobody knows is an error: a filter misspelt must not show everything."""

    DEFAULT_UNKNOWN_BY_LOCATION = {**FlaskParser.DEFAULT_UNKNOWN_BY_LOCATION, "query": RAISE}  # noqa: RUF012


class Routes(Blueprint):  # type: ignore[misc]  # flask-smorest has no types
    """`query` and `body` reach a view as keywords of these names, read by their schemas."""

    ARGUMENTS_PARSER = _Parser()

    def __init__(self, noun: str, description: str) -> None:
        super().__init__(noun, __name__, url_prefix=PREFIX, description=description)

    def shows(
        self, path: str, gives: type[Schema], *, query: type[Schema] | None = None, missing: bool = False
    ) -> Callable[[View], View]:
        """A view that reads; `missing` when what its path names may not be there."""
        more = [*_ALWAYS, *([HTTPStatus.NOT_FOUND] if missing else [])]
        more += [HTTPStatus.UNPROCESSABLE_ENTITY] if query else []
        return self._view("GET", path, gives, scope=Scope.READ, status=HTTPStatus.OK, problems=more, query=query)

    def does(
        self,
        path: str,
        gives: type[Schema],
        *,
        body: type[Schema] | None = None,
        method: str = "POST",
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Callable[[View], View]:
        """A view that changes something: it takes the scope trade."""
        return self._view(method, path, gives, scope=Scope.TRADE, status=status, problems=list(PROBLEMS), body=body)

    def _view(
        self,
        method: str,
        path: str,
        gives: type[Schema],
        *,
        scope: Scope,
        status: HTTPStatus,
        problems: Sequence[HTTPStatus],
        query: type[Schema] | None = None,
        body: type[Schema] | None = None,
    ) -> Callable[[View], View]:
        def put(view: View) -> View:
            told = self.response(status.value, gives)(view)
            for each in problems:
                told = self.alt_response(each.value, each.name)(told)
            keyed = {"parameters": [PARAMETER]} if scope is Scope.TRADE else {}
            told = self.doc(security=[{SCHEME: [scope.value]}], **keyed)(told)
            if query is not None:
                told = self.arguments(query, location="query", arg_name="query")(told)
            if body is not None:
                told = self.arguments(body, location="json", arg_name="body")(told)
            self.route(path, methods=[method])(told)
            return view

        return put
