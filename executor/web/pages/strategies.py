"""Strategies: who sends and what it may do; switched, changed, their secret addresses and alerts.

The secret address stands on a page only after a person asked for it with a form; no page is kept by a browser.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from executor.alerts.address import unreachable
from executor.alerts.strategies import ChangedMeanwhile, NoSuchAlert, NoSuchStrategy, Strategies, StrategyExists
from executor.clock import Clock
from executor.config.account import PAPER_ACCOUNT
from executor.config.charges import load_tariff
from executor.config.schema import FieldErrors
from executor.config.strategy_file import laid_over, open_fields
from executor.config.strategy_settings import GROUPS
from executor.domain.calendar import trading_day
from executor.domain.charges import Tariff
from executor.domain.profit import Figures, lines_of, total
from executor.domain.strategy import Strategy
from executor.errors import ConfigError
from executor.store.pages import Pages
from executor.store.people import People
from executor.store.profit import Days
from executor.web.login import PERSON
from executor.web.pages import strategy_form as form
from executor.web.pages import strategy_words as words
from executor.web.pages.frame import Frame
from executor.web.pages.profit import sign

_VERSIONS, _ALERTS = 20, 100
#: A form begins with what can lose no money.
_NEW: Mapping[str, str] = {
    "account": PAPER_ACCOUNT,
    "product": "intraday",
    "size_kind": "quantity",
    "protection": "auto",
}
_WAYS = ("disable", "enable")


@dataclass(frozen=True, slots=True)
class StrategyParts:
    strategies: Strategies
    people: People
    pages: Pages
    clock: Clock
    public_url: str


def add_strategies(blueprint: Blueprint, parts: StrategyParts, frame: Frame) -> None:
    tariff = load_tariff()
    _add_reading(blueprint, parts, frame, tariff)
    _add_changing(blueprint, parts, frame)
    _add_orders(blueprint, parts, frame, tariff)

    @blueprint.errorhandler(NoSuchStrategy)
    @blueprint.errorhandler(NoSuchAlert)
    def unknown(error: Exception) -> tuple[str, int]:
        return frame.render("message.html", title="There is no such thing", text=str(error)), HTTPStatus.NOT_FOUND

    @blueprint.errorhandler(ChangedMeanwhile)
    def overtaken(error: Exception) -> tuple[str, int]:
        return frame.render("message.html", title="Changed meanwhile", text=str(error)), HTTPStatus.CONFLICT


def _add_reading(blueprint: Blueprint, parts: StrategyParts, frame: Frame, tariff: Tariff) -> None:
    @blueprint.get("/strategies")
    def strategies() -> str:
        return frame.render(
            "strategies.html",
            strategies=parts.people.strategies(),
            today=_today(parts, tariff),
            halted=_halted(parts),
            words=words,
            sign=sign,
        )

    @blueprint.get("/strategies/<name>")
    def strategy(name: str) -> str:
        return _page(parts, frame, tariff, parts.strategies.named(name))

    @blueprint.post("/strategies/<name>/address")
    def address(name: str) -> str:
        found = parts.strategies.named(name)
        return _page(parts, frame, tariff, found, card=parts.strategies.card(found))


def _add_orders(blueprint: Blueprint, parts: StrategyParts, frame: Frame, tariff: Tariff) -> None:
    @blueprint.post("/strategies/<name>/switch")
    def switch_strategy(name: str) -> Response:
        way = request.form.get("way", "")
        if way in _WAYS:
            parts.strategies.switch(name, enabled=way == "enable", by=PERSON)
        return _to(name)

    @blueprint.post("/strategies/<name>/rotate")
    def rotate_strategy(name: str) -> str | Response:
        if request.form.get("way") == "end":
            parts.strategies.end_overlap(name, by=PERSON)
            return _to(name)
        after = parts.strategies.rotate(name, by=PERSON)
        return _page(parts, frame, tariff, after, card=parts.strategies.card(after))

    @blueprint.post("/alerts/<alert_id>/revoke")
    def revoke_alert(alert_id: str) -> Response:
        return _to(parts.strategies.revoke(alert_id, by=PERSON).strategy)


def _add_changing(blueprint: Blueprint, parts: StrategyParts, frame: Frame) -> None:
    @blueprint.get("/strategies/_new")
    def new_strategy() -> str:
        return _form(parts, frame, _NEW)

    @blueprint.post("/strategies/_new")
    def add_strategy() -> Response | tuple[str, int]:
        texts = request.form.to_dict()
        name = texts.get("name", "").strip()
        try:
            parts.strategies.add(name, laid_over({}, form.fields_from(texts)), by=PERSON)
        except ConfigError as error:
            return _form(parts, frame, texts, error=error), HTTPStatus.UNPROCESSABLE_ENTITY
        return _to(name)

    @blueprint.get("/strategies/<name>/edit")
    def edit_strategy(name: str) -> str:
        found = parts.strategies.named(name)
        return _form(parts, frame, form.texts_of(found), found)

    @blueprint.post("/strategies/<name>/edit")
    def change_strategy(name: str) -> Response | tuple[str, int]:
        found, texts = parts.strategies.named(name), request.form.to_dict()
        seen = texts.get("seen", "")
        try:
            fields = {**form.fields_from(texts), "account": found.account}
            parts.strategies.change(name, fields, by=PERSON, seen=int(seen) if seen.isdecimal() else 0)
        except ConfigError as error:
            return _form(parts, frame, texts, found, error), HTTPStatus.UNPROCESSABLE_ENTITY
        return _to(name)


def _to(name: str) -> Response:
    return redirect(url_for("pages.strategy", name=name), HTTPStatus.SEE_OTHER)


def _form(
    parts: StrategyParts,
    frame: Frame,
    texts: Mapping[str, str],
    before: Strategy | None = None,
    error: ConfigError | None = None,
) -> str:
    return frame.render(
        "strategy_form.html",
        before=before,
        texts=texts,
        errors=form.beside(_errors(error)) if error else {},
        groups=GROUPS,
        form=form,
        accounts=parts.people.accounts(),
        changed_meanwhile=isinstance(error, ChangedMeanwhile),
    )


def _errors(error: ConfigError) -> Mapping[str, str]:
    if isinstance(error, FieldErrors):
        return error.fields
    return {"name" if isinstance(error, StrategyExists) else "": str(error)}


def _page(parts: StrategyParts, frame: Frame, tariff: Tariff, found: Strategy, **more: Any) -> str:
    return frame.render(
        "strategy.html",
        strategy=found,
        fields=open_fields(found),
        today=_today(parts, tariff, found.name).get(found.name, Figures()),
        versions=words.changes(parts.people.versions(found.name, _VERSIONS)),
        alerts=parts.people.alerts(found.name, _ALERTS),
        unreachable=unreachable(parts.public_url),
        words=words,
        sign=sign,
        **more,
    )


def _today(parts: StrategyParts, tariff: Tariff, strategy: str = "") -> dict[str, Figures]:
    """What each strategy, or one, made today, with the charges estimated; those without a fill are not in it."""
    day = trading_day(parts.clock.now())
    lines = lines_of(parts.pages.traded(Days(day, day, strategy)), tariff, first=day, last=day)
    names = {line.strategy for line in lines}
    return {name: total([line for line in lines if line.strategy == name]) for name in names}


def _halted(parts: StrategyParts) -> set[str]:
    """The scopes in which entries are halted now."""
    return {halt.scope for halt in parts.pages.standing().halts}
