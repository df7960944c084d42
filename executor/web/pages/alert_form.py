"""The form of a new alert: what its message fixes and what it leaves open, as paths of schema version 1."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any, TypeVar

from marshmallow import ValidationError

from executor.alerts.strategies import Wanted
from executor.alerts.template import LIFETIME, Style
from executor.config.contracts import read_option
from executor.config.levels import read_level, read_targets
from executor.config.schema import FieldErrors
from executor.config.strategy import SIZE_FIELDS
from executor.domain.signal import Action
from executor.domain.strategy import Level, SizeKind, Strategy
from executor.web.pages.words import plain

T = TypeVar("T")

STYLES = {
    Style.STRATEGY: "A Pine strategy: its orders and its position on the chart decide",
    Style.INDICATOR: "An indicator, a price, a drawing: the alert says one thing, the same each time",
    Style.PINE: "A script that calls alert() itself: you get code to paste into it",
}
ACTIONS = {
    Action.BUY: "buy: enter long, or leave a short",
    Action.SELL: "sell: leave a long, or enter short where that is allowed",
    Action.EXIT: "exit: leave what is held",
    Action.REVERSE: "reverse: leave, then enter the other way",
    Action.CANCEL: "cancel: withdraw an entry that has not filled",
    Action.FLATTEN: "flatten: leave all of the strategy, and halt it",
}
DAYS = (7, 30, 60, 90, 180, LIFETIME.days)
#: What the chart itself counts, where the strategy says whether that is lots or units.
CHART = "{{strategy.order.contracts}}"


def wanted_from(texts: Mapping[str, str], tickers: Sequence[str], strategy: Strategy) -> Wanted:
    """What a filled form asks for. Raises FieldErrors."""
    said = {name: text.strip() for name, text in texts.items() if text.strip()}
    wrong: dict[str, str] = {}
    settings: dict[str, str] = {}
    for field, reader in (*_READERS.items(), ("more", _more)):
        if field in said:
            try:
                settings |= reader(said[field])
            except ValidationError as error:
                wrong[field] = f"{field} {error.messages[0]}"
    settings |= _size(said)
    settings |= {"action": said["action"]} if "action" in said else {}
    most, days = _whole(said, "most", wrong), _whole(said, "days", wrong)
    if days is not None and not 0 < days <= LIFETIME.days:
        wrong["days"] = f"days is {days}; give 1 to {LIFETIME.days}"
    if wrong:
        raise FieldErrors("alert", wrong)
    style = next((style for style in Style if style == said.get("style")), Style.STRATEGY)
    lifetime = timedelta(days=days) if days else LIFETIME
    chosen = frozenset(tickers)
    return Wanted(style, settings, lifetime, None if chosen == strategy.rails.tickers else chosen, most)


def _more(text: str) -> dict[str, str]:
    """Lines of PATH=VALUE, as `--set` of the command takes them."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    strange = [line for line in lines if not line.partition("=")[0].strip() or "=" not in line]
    if strange:
        raise ValidationError(f"has {strange[0]!r}, which is not of the form PATH=VALUE; correct that line")
    return {path.strip(): value.strip() for path, _, value in (line.partition("=") for line in lines)}


def _stop_loss(text: str) -> dict[str, str]:
    return dict(_level("stop_loss", read_level(text)))


def _take_profit(text: str) -> dict[str, str]:
    targets = read_targets([one.strip() for one in text.split(",") if one.strip()])
    found: dict[str, str] = {}
    for number, target in enumerate(targets):
        found |= dict(_level(f"take_profit.{number}", target.level))
        found |= {f"take_profit.{number}.share": plain(target.share)} if len(targets) > 1 else {}
    return found


def _option(text: str) -> dict[str, str]:
    rule = read_option(text)
    found = {"option.type": rule.type.value, "option.strike": rule.strike, "option.expiry": rule.expiry}
    return found | ({"option.min_days": str(rule.min_days)} if rule.min_days else {})


_READERS: Mapping[str, Callable[[str], dict[str, str]]] = {
    "stop_loss": _stop_loss,
    "take_profit": _take_profit,
    "option": _option,
}


def _level(path: str, level: Level) -> Iterator[tuple[str, str]]:
    yield f"{path}.{level.kind}", plain(level.value)


def _size(said: Mapping[str, str]) -> dict[str, str]:
    kind = said.get("size_kind", "")
    if kind == SizeKind.CONTRACTS:
        return {"size.contracts": CHART}
    return {f"size.{kind}": said.get("size", "").removesuffix("%")} if kind in SIZE_FIELDS else {}


def _whole(said: Mapping[str, Any], field: str, wrong: dict[str, str]) -> int | None:
    text = said.get(field)
    if text is None:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        wrong[field] = f"{field} is {text!r}, which is no whole number; give one such as 10"
        return None
    return int(text)
