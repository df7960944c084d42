"""Alerts: the messages to paste into TradingView, issued for a strategy and revoked by their id."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Any

from flask import g

from executor.alerts.strategies import Wanted
from executor.alerts.template import LIFETIME, Style
from executor.domain.delivery import IssuedAlert
from executor.web.api import ApiParts, fields
from executor.web.api.fields import MOST, Answer, Asked
from executor.web.api.routes import Routes


class AlertShown(Answer):
    """An alert that was issued. Its message was told once; under an Idempotency-Key it is kept, sealed."""

    id = fields.text("its id: it stands on its deliveries")
    strategy = fields.text("for whom")
    version = fields.count("the strategy's version then")
    issued = fields.moment("when")
    expires = fields.moment("from when on it is refused")
    revoked_at = fields.moment("when it was revoked", allow_none=True)


class AlertsShown(Answer):
    items = fields.many(AlertShown, "the newest first")


class Template(Answer):
    """What to paste: whoever has both can repeat what the alert may do."""

    url = fields.text("the webhook URL")
    body = fields.text("the message, placeholders unexpanded; of the style pine a piece of the script")
    alert = fields.one(AlertShown, "by what it is revoked")


class TemplateAsked(Asked):
    style = fields.asked_word(Style, "which alert it is for", load_default=Style.STRATEGY.value)
    set = fields.asked_texts(
        'paths of the message that are fixed, or left open with a {{placeholder}}: {"action": "buy"}'
    )
    days = fields.asked_count("how long it lives; 366 unless given", least=1, most=LIFETIME.days, strict=True)
    tickers = fields.texts("only these of the strategy's", required=False)
    most = fields.asked_count("units at most, fewer than the strategy's max_quantity", least=1, most=2**31, strict=True)


def alerts(parts: ApiParts) -> Routes:
    routes, kept, people = Routes("alerts", "Messages for TradingView."), parts.strategies, parts.web.store.people

    @routes.shows("/strategies/<strategy>/alerts", AlertsShown, missing=True)
    def list_alerts(strategy: str) -> dict[str, list[IssuedAlert]]:
        """Alerts issued for a strategy, the newest first."""
        return {"items": people.alerts(kept.named(strategy).name, MOST)}

    @routes.does("/strategies/<strategy>/alerts", Template, body=TemplateAsked, status=HTTPStatus.CREATED)
    def issue_alert(strategy: str, *, body: dict[str, Any]) -> Any:
        """Issue an alert: the message with its token, and the address to send it to. Both are secrets."""
        return kept.issue(strategy, _wanted(body), by=_by())

    @routes.does("/alerts/<alert>/revoke", AlertShown)
    def revoke_alert(alert: str) -> IssuedAlert:
        """End an alert's token for ever."""
        return kept.revoke(alert, by=_by())

    return routes


def _wanted(body: dict[str, Any]) -> Wanted:
    tickers = body.get("tickers")
    return Wanted(
        style=Style(body["style"]),
        settings=body.get("set", {}),
        lifetime=timedelta(days=body["days"]) if "days" in body else LIFETIME,
        tickers=None if tickers is None else frozenset(tickers),
        most=body.get("most"),
    )


def _by() -> str:
    return f"api:{g.token.name}"
