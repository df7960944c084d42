"""The message to paste into TradingView: a body with placeholders and the token that bounds what it may become.

A path whose text holds a placeholder is bounded, any other is fixed. The default carries no numbers of ours: size,
stop and targets live on the strategy and change there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any

from executor.alerts import pine, schema, token
from executor.alerts.bounds import Grant, Rule
from executor.alerts.parse import leaves, texts_refused
from executor.alerts.placeholders import EXAMPLES, PLACEHOLDER, render
from executor.config.schema import FieldErrors
from executor.config.secrets import Keys
from executor.domain.delivery import IssuedAlert
from executor.domain.instrument import DELAYED, charted
from executor.domain.refusal import Refusal
from executor.domain.strategy import Strategy

#: How long a token lives; TradingView's own alerts end sooner, but for open-ended ones.
LIFETIME = timedelta(days=366)

_PATH = re.compile(r"[a-z_]+(\.([a-z_]+|\d))*")
_EXCHANGES = ("NSE", "BSE", "MCX")


class Style(StrEnum):
    """Which alert the message is for: a strategy's, an indicator's, or one that a Pine script sends itself."""

    STRATEGY = "strategy"
    INDICATOR = "indicator"
    PINE = "pine"


@dataclass(frozen=True, slots=True)
class Template:
    """`body` is the text to paste; `issued` is what to record before it is handed out."""

    body: str
    issued: IssuedAlert


def build(
    strategy: Strategy,
    *,
    style: Style,
    settings: Mapping[str, str],
    keys: Keys,
    alert_id: str,
    now: datetime,
    lifetime: timedelta = LIFETIME,
) -> Template:
    """Make the message of a style with paths set to values.

    Raises FieldErrors for what version 1 cannot hold, ConfigError for what Pine cannot give.
    """
    tree = _tree(style, settings)
    issued = IssuedAlert(alert_id, strategy.name, strategy.version, now, now + lifetime)
    claims = token.Claims(
        alert_id=alert_id,
        strategy=strategy.name,
        version=strategy.version,
        issued=issued.issued,
        expires=issued.expires,
        grant=_grant(strategy, style, tree),
    )
    message = {"v": "1", "token": token.sign(keys, claims), **tree}
    return Template(pine.snippet(json.dumps(message)) if style is Style.PINE else json.dumps(message, indent=1), issued)


def _defaults(style: Style) -> dict[str, Any]:
    common = {"ticker": "{{ticker}}", "exchange": "{{exchange}}"}
    told = {"price": "{{close}}", "fired_at": "{{timenow}}", "interval": "{{interval}}"}
    match style:
        case Style.STRATEGY:
            position = {
                "now": "{{strategy.market_position}}",
                "now_size": "{{strategy.market_position_size}}",
                "prev": "{{strategy.prev_market_position}}",
                "prev_size": "{{strategy.prev_market_position_size}}",
            }
            return {**common, "action": "{{strategy.order.action}}", "position": position, **told}
        case Style.INDICATOR:
            return {**common, **told}
        case Style.PINE:
            return {**common, "action": pine.ACTION, **told}


def _tree(style: Style, settings: Mapping[str, str]) -> dict[str, Any]:
    tree = _defaults(style)
    for path, value in settings.items():
        if path in ("v", "token") or not _PATH.fullmatch(path):
            wrong = f"{path} is no path that can be set; give one such as action or stop_loss.percent"
            raise FieldErrors("template", {path: wrong})
        _put(tree, path.split("."), value)
    if "action" not in tree:
        wrong = "action is missing: an indicator knows no orders, so say what its alert does, such as action=buy"
        raise FieldErrors("template", {"action": wrong})
    return {name: _with_lists(value) for name, value in tree.items()}


def _grant(strategy: Strategy, style: Style, tree: Mapping[str, Any]) -> Grant:
    example = {"v": "1", **json.loads(render(json.dumps(tree), EXAMPLES))}
    fields = texts_refused(example) or schema.understand(example)
    if isinstance(fields, Refusal):
        raise FieldErrors("template", {"": f"it would be refused: {fields.sentence}"})
    open_paths = {path for path, text in leaves(tree) if PLACEHOLDER.search(text)}
    canonical = dict(leaves(fields))
    rules = _rules(strategy, style)
    return Grant(
        fixed={path: value for path, value in canonical.items() if path not in open_paths},
        bounds={path: rules.get(path, Rule()) for path in canonical if path in open_paths},
    )


def _rules(strategy: Strategy, style: Style) -> dict[str, Rule]:
    rails, most = strategy.rails, Rule(most=Decimal(strategy.rails.max_quantity))
    names = [name.rpartition(":") for name in sorted(rails.tickers)]
    exchanges = [found for exchange, _, _ in names for found in ([exchange] if exchange else _EXCHANGES)]
    actions = ("buy", "sell", "exit") if style is Style.PINE else ("buy", "sell")
    return {
        "action": Rule(words=actions),
        "ticker": Rule(words=_once(spelling for _, _, ticker in names for spelling in _spellings(ticker))),
        # delayed data passes here, because the desk refuses it with a better sentence
        "exchange": Rule(words=_once(exchange + suffix for exchange in exchanges for suffix in ("", *DELAYED))),
        "size.lots": most,
        "size.quantity": most,
        "size.contracts": most,
        "size.notional": Rule(most=rails.max_notional),
        "size.risk": Rule(most=rails.max_daily_loss),
    }


def _spellings(ticker: str) -> tuple[str, ...]:
    """TradingView writes BAJAJ-AUTO as BAJAJ_AUTO, and M&M either way (tradingview.md B1): rails take them for one."""
    return ticker, charted(ticker), *(ticker.replace("_", sign) for sign in "&-")


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words))


def _put(tree: dict[str, Any], steps: list[str], value: str) -> None:
    *outer, last = steps
    for step in outer:
        inner = tree.setdefault(step, {})
        if not isinstance(inner, dict):
            wrong = f"{'.'.join(steps)} lies in {step}, which is a value already; set either of them"
            raise FieldErrors("template", {steps[0]: wrong})
        tree = inner
    tree[last] = value


def _with_lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() for key in value):
        return [_with_lists(value[key]) for key in sorted(value)]
    return {key: _with_lists(inner) for key, inner in value.items()}
