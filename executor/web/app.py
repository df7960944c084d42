"""The Flask application: its parts, its blueprints, its errors. No globals; two of them can live side by side."""

from __future__ import annotations

from http import HTTPStatus
from types import TracebackType

from flask import Flask, Response, request
from gunicorn.http.errors import NoMoreData, ParseException
from werkzeug.exceptions import HTTPException

from executor.web.answer import problem
from executor.web.floods import FloodWriter
from executor.web.health import health
from executor.web.parts import WebParts
from executor.web.postback import postback
from executor.web.webhook import webhook


def create_app(parts: WebParts) -> Flask:
    """Build the application over its parts."""
    app = _Application(__name__, static_folder=None)
    # "/hook//x" must be answered, not redirected: TradingView follows no redirect (tradingview.md A1)
    app.url_map.merge_slashes = False
    for blueprint in (webhook(parts), postback(parts), health(parts)):
        app.register_blueprint(blueprint)
    app.register_error_handler(HTTPException, _http_error)
    for broken in (NoMoreData, ParseException):
        app.register_error_handler(broken, _broken_body)
    # gunicorn_conf.py starts it in each worker, and stops it
    app.extensions["flood_writer"] = FloodWriter(parts.floods, parts.store.intake, parts.clock)
    return app


class _Application(Flask):
    def log_exception(self, exc_info: tuple[type, BaseException, TracebackType] | tuple[None, None, None]) -> None:
        """Log by the rule that matched: the path of a hook holds its secret."""
        self.logger.error("failed: %s %s", request.method, request.url_rule, exc_info=exc_info)


def _broken_body(_error: Exception) -> Response:
    """What gunicorn raises from reading a body that is not framed as HTTP says: the sender's fault."""
    return problem(HTTPStatus.BAD_REQUEST)


def _http_error(error: HTTPException) -> Response:
    """What no view answered, in the same form; an error of ours becomes 500 without a word about its cause."""
    answer = problem(HTTPStatus(error.code or HTTPStatus.INTERNAL_SERVER_ERROR))
    for name, value in error.get_headers():
        if name == "Allow":
            answer.headers[name] = value
    return answer
