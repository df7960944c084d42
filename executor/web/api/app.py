"""The API's application: its nouns, its guard, its OpenAPI document."""

from __future__ import annotations

from http import HTTPStatus

from flask import Flask, Response, g, request
from flask_smorest import Api

from executor.store.api_answers import ApiAnswers
from executor.store.tokens import ApiToken, Scope, Tokens
from executor.web.api import PREFIX, ApiParts
from executor.web.api.accounts import accounts
from executor.web.api.alerts import alerts
from executor.web.api.audit import audit
from executor.web.api.bearer import Bearer, Guesses, Missing, Narrow, Wrong, bearer_of
from executor.web.api.commands import commands
from executor.web.api.deliveries import deliveries
from executor.web.api.instruments import instruments
from executor.web.api.orders import orders
from executor.web.api.positions import positions
from executor.web.api.problems import MIMETYPE, Failed, Problem, add_problems
from executor.web.api.profit import profit
from executor.web.api.repeats import HEADER, Repeats
from executor.web.api.routes import PROBLEMS, SCHEME
from executor.web.api.signals import signals
from executor.web.api.status import status
from executor.web.api.strategies import strategies
from executor.web.authenticity import source_of
from executor.web.hardening import allowed_hosts

_NOUNS = (
    *(status, signals, deliveries, positions, orders, profit, accounts, strategies, alerts, instruments),
    *(commands, audit),
)
#: The document says nothing that the source does not: who writes a client reads it without a token.
_OPEN = "api-docs.openapi_json"
_BODY_BYTES = 64 * 1024
_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
}
_MEANS = (
    "What the pages show and do, for programs. A token of `executor api-token create` is sent as `Authorization: "
    "Bearer …`; its scope is `read`, or `trade`, which reaches to everything that is not GET. Money is text in decimal "
    "rupees, times are ISO 8601 with their offset, ids are text. Lists are paged by key: `next` of an answer is "
    "`before` of the next request. Errors are application/problem+json. Whatever is not GET takes the header "
    f"{HEADER}: sent again with the same key and body it is done once."
)


class _Api(Api):  # type: ignore[misc]  # flask-smorest has no types
    """The document; errors are answered by us, and told as we answer them."""

    DEFAULT_ERROR_RESPONSE_NAME = None  # each route tells its own

    def _register_error_handlers(self) -> None:
        """None of its own."""

    def _register_responses(self) -> None:
        for problem, words in PROBLEMS.items():
            told = {"description": words, "content": {MIMETYPE: {"schema": Problem}}}
            self.spec.components.response(problem.name, told, lazy=True)


def create_api(parts: ApiParts) -> Flask:
    """Build the application below the prefix. It knows no sessions: there is no key to sign one with."""
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    app.config.update(
        API_TITLE="executor",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=PREFIX,
        MAX_CONTENT_LENGTH=_BODY_BYTES,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # of Flask's own provider
    api = _Api(app, spec_kwargs={"info": {"description": _MEANS}})
    words = {"type": "http", "scheme": "bearer", "description": "a token of `executor api-token create`"}
    api.spec.components.security_scheme(SCHEME, words)
    _guard(app, parts)
    repeats = Repeats(ApiAnswers(parts.web.store.database), parts.web.keys, parts.web.system)
    app.before_request(repeats.before)  # behind the guard: who may not ask learns nothing
    app.after_request(repeats.after)
    add_problems(app)
    for noun in _NOUNS:
        api.register_blueprint(noun(parts))
    return app


def _guard(app: Flask, parts: ApiParts) -> None:
    hosts = allowed_hosts(parts.public_url, parts.port)
    bearer = Bearer(Tokens(parts.web.store.database), Guesses(), parts.web.system, lambda: _source(parts))

    @app.before_request
    def check() -> None:
        if request.headers.get("Host", "").lower() not in hosts:
            remedy = "Set EXECUTOR_PUBLIC_URL to the address you use."
            detail = "This name is not one of ours."
            raise Failed(HTTPStatus.BAD_REQUEST, code="other_host", detail=detail, remedy=remedy)
        if request.endpoint == _OPEN:
            return
        reads = request.method in {"GET", "HEAD", "OPTIONS"}
        g.token = _admitted(bearer.admit(bearer_of(request.headers), Scope.READ if reads else Scope.TRADE))
        if not reads and not request.is_json and request.get_data():
            detail = "The body says that it is no JSON: send it as Content-Type application/json."
            raise Failed(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, code="not_json", detail=detail)

    @app.after_request
    def add_headers(answer: Response) -> Response:
        answer.headers.update(_HEADERS)
        return answer


def _admitted(found: ApiToken | Missing | Wrong | Narrow) -> ApiToken:
    """The token. Raises Failed in the words of RFC 6750."""
    match found:
        case ApiToken():
            return found
        case Missing():
            remedy = "Send `Authorization: Bearer TOKEN`; make one with `executor api-token create`."
            shown = {"WWW-Authenticate": 'Bearer realm="executor"'}
            detail = "There is no token."
            raise Failed(HTTPStatus.UNAUTHORIZED, code="no_token", detail=detail, remedy=remedy, headers=shown)
        case Wrong(wait) if not wait:
            shown = {"WWW-Authenticate": 'Bearer realm="executor", error="invalid_token"'}
            detail, remedy = "The token is none, or none any more.", "See `executor api-token list`."
            raise Failed(HTTPStatus.UNAUTHORIZED, code="wrong_token", detail=detail, remedy=remedy, headers=shown)
        case Wrong(wait):
            seconds = str(-int(-wait.total_seconds() // 1))
            detail, shown = f"Too many wrong tokens. Try again in {seconds} s.", {"Retry-After": seconds}
            raise Failed(HTTPStatus.TOO_MANY_REQUESTS, code="too_many", detail=detail, headers=shown)
        case Narrow(token, needed):
            detail = f"The token {token.name} has the scope {token.scope}, and this takes {needed}."
            shown = {"WWW-Authenticate": f'Bearer realm="executor", error="insufficient_scope", scope="{needed}"'}
            raise Failed(HTTPStatus.FORBIDDEN, code="narrow_scope", detail=detail, headers=shown)


def _source(parts: ApiParts) -> str:
    return source_of(request.remote_addr, request.headers.get("X-Forwarded-For", ""), parts.web.trusted_proxies)
