"""The pages: what a person reads. One file a page; all of it behind a password, none of it talks to the broker."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

from flask import Blueprint, Flask, Response, render_template, request

from executor.alerts.strategies import Strategies
from executor.clock import Clock
from executor.config.secrets import Keys
from executor.domain.calendar import Calendar
from executor.doorbell import Doorbell
from executor.errors import StoreError
from executor.store.accounts import Accounts
from executor.store.commands import Commands
from executor.store.exposure import Exposures
from executor.store.loads import Loads
from executor.store.master import Master
from executor.store.pages import Pages
from executor.store.people import People
from executor.store.store import Store
from executor.web.answer import problem
from executor.web.authenticity import source_of
from executor.web.hardening import HEADERS, allowed_hosts, harden
from executor.web.login import LoginParts, add_login, configure_sessions
from executor.web.pages import words
from executor.web.pages.account import add_account
from executor.web.pages.alerts import add_alerts
from executor.web.pages.audit import add_audit_log
from executor.web.pages.command import CommandParts, add_commands
from executor.web.pages.frame import Frame, add_freshness
from executor.web.pages.instruments import InstrumentParts, add_instruments
from executor.web.pages.layout import laid_out
from executor.web.pages.orders import add_orders
from executor.web.pages.position import add_positions, exposed_today
from executor.web.pages.profit import add_profit
from executor.web.pages.refusals import add_refusals
from executor.web.pages.signal import add_stories
from executor.web.pages.status import StatusParts, add_status
from executor.web.pages.strategies import StrategyParts, add_strategies

_WEB = Path(__file__).parent.parent


@dataclass(frozen=True, slots=True)
class PageParts:
    """What the pages are made of. `clock` is the product's, `system` the machine's: sessions follow the latter.

    `expected` tells the accounts that are configured to be traded, `windows` are our limits of orders (count, span).
    """

    store: Store
    pages: Pages
    people: People
    strategies: Strategies
    commands: Commands
    master: Master
    loads: Loads
    calendar: Calendar
    doorbell: Doorbell
    clock: Clock
    system: Clock
    keys: Keys = field(repr=False)
    public_url: str
    port: int
    trusted_proxies: Sequence[IPv4Network | IPv6Network] = ()
    expected: Callable[[], Collection[str]] = tuple
    windows: Sequence[tuple[int, timedelta]] = ()


def register_pages(app: Flask, parts: PageParts) -> None:
    """Add the log, stories, positions, profit, instruments, commands, login and the stylesheet to an application."""
    configure_sessions(app, parts.keys.session, secure=parts.public_url.startswith("https://"))
    blueprint = Blueprint(
        "pages",
        __name__,
        template_folder=str(_WEB / "templates"),
        static_folder=str(_WEB / "static"),
        static_url_path="/static",
    )

    def source() -> str:
        forwarded = request.headers.get("X-Forwarded-For", "")
        return source_of(request.remote_addr, forwarded, parts.trusted_proxies)

    harden(blueprint, allowed_hosts(parts.public_url, parts.port))
    add_login(blueprint, LoginParts(parts.people, parts.system, parts.keys.session, source))
    table = InstrumentParts(parts.master, parts.loads, parts.calendar, parts.clock, parts.people)
    frame = Frame(parts.pages, parts.clock, table.troubles)
    add_freshness(blueprint, frame)
    add_audit_log(blueprint, parts.pages, frame)
    add_stories(blueprint, parts.pages, frame)
    exposures = Exposures(parts.store.database)
    add_positions(
        blueprint,
        parts.pages,
        frame,
        lambda found: exposed_today(found, exposures, parts.calendar, parts.clock.now()),
    )
    add_orders(blueprint, Accounts(parts.store.database), frame, parts.clock)
    add_profit(blueprint, parts.pages, frame, parts.clock)
    add_account(blueprint, parts.store, frame, parts.clock, parts.doorbell, parts.keys)
    add_status(blueprint, StatusParts(parts.store, parts.calendar, parts.clock, parts.expected, parts.windows), frame)
    keeping = StrategyParts(parts.strategies, parts.people, parts.pages, parts.clock, parts.public_url)
    add_strategies(blueprint, keeping, frame)
    add_alerts(blueprint, keeping, frame)
    add_instruments(blueprint, table, frame)
    add_refusals(blueprint, frame)
    add_commands(blueprint, CommandParts(parts.pages, parts.commands, parts.doorbell, parts.clock), frame)
    blueprint.register_error_handler(StoreError, _no_database)
    app.register_blueprint(blueprint)
    app.register_error_handler(HTTPStatus.NOT_FOUND, _nowhere)
    _add_words(app)


def _nowhere(_error: Exception) -> Response:
    """Who reads pages is told on one that there is no such; machines get the form that they know."""
    if request.accept_mimetypes.best_match(("application/problem+json", "text/html")) != "text/html":
        return problem(HTTPStatus.NOT_FOUND)
    words = {"title": "There is no such page", "text": "The address has changed, or was typed wrong."}
    answer = Response(render_template("message.html", **words), HTTPStatus.NOT_FOUND, mimetype="text/html")
    answer.headers.update(HEADERS)
    return answer


def _no_database(error: Exception) -> tuple[str, int]:
    words = {"title": "The database does not answer", "text": str(error)}
    return render_template("message.html", **words), HTTPStatus.SERVICE_UNAVAILABLE


def _add_words(app: Flask) -> None:
    for filter_ in (
        words.asked_of,
        words.coded,
        words.ist_day,
        words.ist_moment,
        words.ist_exact,
        words.ist_time,
        words.leg_terms,
        words.rupees,
        words.plain,
        words.span,
        words.spoken,
        words.terms,
        words.tone,
        laid_out,
    ):
        app.jinja_env.filters[filter_.__name__] = filter_
