"""The alert builder: an address and a signed message to paste into TradingView, made as `executor alert template` does.

What it shows is a key: it stands in the one answer to the form, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from shlex import quote

from flask import Blueprint, request

from executor.alerts.address import unreachable
from executor.alerts.placeholders import EXAMPLES, left_open
from executor.alerts.strategies import Issued
from executor.alerts.template import LIFETIME, Style
from executor.config.schema import FieldErrors
from executor.domain.strategy import Strategy
from executor.errors import ConfigError
from executor.web.login import PERSON
from executor.web.pages import alert_form as form
from executor.web.pages import strategy_words as words
from executor.web.pages.frame import Frame
from executor.web.pages.strategies import StrategyParts

_FILLED: Mapping[str, str] = {"style": Style.STRATEGY, "days": str(LIFETIME.days)}


def add_alerts(blueprint: Blueprint, parts: StrategyParts, frame: Frame) -> None:
    @blueprint.get("/alerts/new")
    def new_alert() -> str:
        known = parts.people.strategies()
        asked = request.args.get("strategy", "")
        if len(known) == 1 and not asked:
            asked = known[0].name
        if not asked:
            return frame.render("alert_new.html", strategies=known, words=words)
        found = parts.strategies.named(asked)
        return _form(frame, found, _FILLED, sorted(found.rails.tickers))

    @blueprint.post("/alerts/new")
    def issue_alert() -> str | tuple[str, int]:
        found = parts.strategies.named(request.form.get("strategy", ""))
        texts, tickers = request.form.to_dict(), request.form.getlist("tickers")
        try:
            wanted = form.wanted_from(texts, tickers, found)
            issued = parts.strategies.issue(found.name, wanted, by=PERSON)
        except ConfigError as error:
            return _form(frame, found, texts, tickers, error), HTTPStatus.UNPROCESSABLE_ENTITY
        return frame.render(
            "alert_issued.html",
            strategy=found,
            issued=issued,
            style=wanted.style,
            try_it=_try_it(issued, found) if wanted.style is not Style.PINE else "",
            unreachable=unreachable(parts.public_url),
        )


def _form(
    frame: Frame, found: Strategy, texts: Mapping[str, str], tickers: Sequence[str], error: ConfigError | None = None
) -> str:
    errors = error.fields if isinstance(error, FieldErrors) else {"": str(error)} if error else {}
    size = next((sentence for field, sentence in errors.items() if field.partition(".")[0] == "size"), "")
    return frame.render(
        "alert_new.html",
        strategy=found,
        texts=texts,
        chosen=tickers,
        errors={**errors, **({"size": size} if size else {})},
        form=form,
    )


def _try_it(issued: Issued, strategy: Strategy) -> str:
    """A command that sends the message with example values, on the machine itself; the address is not in it."""
    exchange, _, ticker = min(strategy.rails.tickers).rpartition(":")
    values = {**EXAMPLES, "ticker": ticker, "exchange": exchange or "NSE"}
    said = " ".join("--set " + quote(f"{name}={values.get(name, '…')}") for name in left_open(issued.body))
    return f"executor alert send --url 'THE ADDRESS' --body message.json {said}".rstrip()
