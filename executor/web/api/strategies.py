"""Strategies: who may send alerts, and what their alerts may do."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import g

from executor.alerts.strategies import Card
from executor.config.strategy_file import open_fields
from executor.domain.strategy import Strategy
from executor.web.api import ApiParts, fields
from executor.web.api.fields import Answer, Asked
from executor.web.api.problems import not_found
from executor.web.api.routes import Routes

_SETTINGS = (
    "as `executor strategy add --help` tells them, each by the name of its option with _ for -: account, tickers, "
    "product, quantity, max_quantity, stop_loss and so on"
)


class StrategyShown(Answer):
    name = fields.text("its name")
    version = fields.count("counts its changes")
    enabled = fields.flag("whether it may enter; exits and stops go on")
    account = fields.text("whose money it trades")
    settings = fields.anything(f"what is set, {_SETTINGS}")


class StrategiesShown(Answer):
    items = fields.many(StrategyShown, "by name")


class CardShown(Answer):
    """What its sender needs: whoever has it can send to the strategy."""

    strategy = fields.text("its name")
    hook_url = fields.text("the secret address for its alerts")
    standard_webhook_secret = fields.text("the secret of senders that sign their messages (Standard Webhooks)")


class Made(StrategyShown):
    card = fields.one(CardShown, "what its sender needs; it can be asked for again with `executor strategy show`")


class StrategyAsked(Asked):
    name = fields.asked("up to 40 letters, digits, - and _", required=True)
    settings = fields.anything(_SETTINGS)


class ChangeAsked(Asked):
    settings = fields.anything(f'{_SETTINGS}; what is not named stays, "none" takes away')
    version = fields.asked_count(
        "the version that was looked at: another one meanwhile is answered 409", least=1, most=2**31, strict=True
    )


class RotateAsked(Asked):
    end_overlap = fields.flag(
        "make no new address; end the one before the present one", required=False, load_default=False
    )


def strategies(parts: ApiParts) -> Routes:
    routes = Routes("strategies", "Who sends alerts, and what they may do.")
    _add_readers(routes, parts)
    _add_changers(routes, parts)
    return routes


def _add_readers(routes: Routes, parts: ApiParts) -> None:
    people = parts.web.store.people

    @routes.shows("/strategies", StrategiesShown)
    def list_strategies() -> dict[str, Any]:
        """All strategies with their settings; nothing of it is secret."""
        return {"items": [_shown(one) for one in people.strategies()]}

    @routes.shows("/strategies/<strategy>", StrategyShown, missing=True)
    def show_strategy(strategy: str) -> dict[str, Any]:
        """One strategy with its settings."""
        found = people.strategy(strategy)
        if found is None:
            raise not_found(f"strategy {strategy!r}")
        return _shown(found)


def _add_changers(routes: Routes, parts: ApiParts) -> None:
    kept = parts.strategies

    @routes.does("/strategies", Made, body=StrategyAsked, status=HTTPStatus.CREATED)
    def add_strategy(*, body: dict[str, Any]) -> dict[str, Any]:
        """Make a strategy; the answer holds its secret address."""
        made = kept.add(body["name"], body["settings"], by=_by())
        return {**_shown(made), "card": kept.card(made)}

    @routes.does("/strategies/<strategy>", StrategyShown, body=ChangeAsked, method="PATCH")
    def change_strategy(strategy: str, *, body: dict[str, Any]) -> dict[str, Any]:
        """Change settings: they count from the next signal; what is open keeps its levels."""
        return _shown(kept.change(strategy, body["settings"], by=_by(), seen=body.get("version")))

    @routes.does("/strategies/<strategy>/enable", StrategyShown)
    def enable_strategy(strategy: str) -> dict[str, Any]:
        """Let it enter again."""
        return _shown(kept.switch(strategy, enabled=True, by=_by()))

    @routes.does("/strategies/<strategy>/disable", StrategyShown)
    def disable_strategy(strategy: str) -> dict[str, Any]:
        """Let it enter no more; its exits and stops go on."""
        return _shown(kept.switch(strategy, enabled=False, by=_by()))

    @routes.does("/strategies/<strategy>/address", CardShown)
    def show_address(strategy: str) -> Card:
        """Tell its secret address and secret once more; nothing changes, but who reads must not know them."""
        return kept.card(kept.named(strategy))

    @routes.does("/strategies/<strategy>/rotate", CardShown, body=RotateAsked)
    def rotate_address(strategy: str, *, body: dict[str, bool]) -> Card:
        """Make a new secret address; the one before goes on working until `end_overlap`."""
        turn = kept.end_overlap if body["end_overlap"] else kept.rotate
        return kept.card(turn(strategy, by=_by()))


def _shown(found: Strategy) -> dict[str, Any]:
    own = {"name": found.name, "version": found.version, "enabled": found.enabled, "account": found.account}
    return {**own, "settings": open_fields(found)}


def _by() -> str:
    return f"api:{g.token.name}"
