"""The form of a strategy: every setting as it is typed, read into the fields that commands and files have too.

Nothing is judged here but what only a form has: that a position without a stop is asked for by typing so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from executor.config.schema import FieldErrors
from executor.config.strategy import SIZE_FIELDS
from executor.config.strategy_file import REMOVES, open_fields
from executor.config.strategy_settings import GROUPS, Kind, Setting, as_typed
from executor.domain.strategy import Product, Protection, Strategy

#: What is asked for at once; the rest stands behind "More".
COMMON = frozenset(
    {
        *("account", "tickers", "product", "stop_loss", "take_profit", "max_quantity", "max_daily_loss", "max_trades"),
        *("enter_from", "enter_until"),
    }
)
PRODUCTS = {
    Product.INTRADAY: "intraday (MIS)",
    Product.CARRYFORWARD: "carryforward (NRML)",
    Product.DELIVERY: "delivery (CNC)",
    Product.MARGIN: "margin",
}
#: The one input for a size has a word for each kind.
SIZES = frozenset(SIZE_FIELDS)
#: Without these there is no strategy: they are judged as they are, an empty one too.
_REQUIRED = frozenset({"account", "tickers", "product", "max_quantity"})
#: Words that a form offers for `protection`; to go without a stop is typed beside them.
PROTECTIONS = tuple(word.value for word in Protection if word is not Protection.NONE)


def texts_of(strategy: Strategy) -> dict[str, str]:
    """What stands in the form of a strategy."""
    texts = {field: as_typed(value) for field, value in open_fields(strategy).items()}
    texts |= {"size_kind": strategy.size.kind, "size": texts[strategy.size.kind], "seen": str(strategy.version)}
    if strategy.protection is Protection.NONE:
        texts |= {"protection": Protection.AUTO, "unprotected": REMOVES}
    return texts


def fields_from(texts: Mapping[str, str]) -> dict[str, Any]:
    """The fields that a filled form means; what is left empty is taken away. Raises FieldErrors."""
    said = {name: text.strip() for name, text in texts.items()}
    settings = [setting for group in GROUPS.values() for setting in group if setting.field not in SIZES]
    fields = {setting.field: _value(setting, said.get(setting.field, "")) for setting in settings}
    kind = said.get("size_kind", "")
    size = next(setting for group in GROUPS.values() for setting in group if setting.field == _size_kind(kind))
    fields[size.field] = _value(size, said.get("size", "")) if said.get("size") else ""
    fields["protection"] = said["protection"] if said.get("protection") in PROTECTIONS else Protection.AUTO.value
    if unprotected := said.get("unprotected", "").lower():
        if unprotected != REMOVES:
            wrong = f'unprotected is {unprotected!r}; type "{REMOVES}" to trade without a stop, or leave it empty'
            raise FieldErrors("form", {"unprotected": wrong})
        fields["protection"] = Protection.NONE.value
    return fields


def beside(errors: Mapping[str, str]) -> dict[str, str]:
    """Errors by the input beside which they belong: the size has one for all its kinds."""
    return {"size" if field in SIZES else field: sentence for field, sentence in errors.items()}


def is_used(settings: Sequence[Setting], texts: Mapping[str, str], errors: Mapping[str, str]) -> bool:
    """Whether anything of these is set to what it is not by itself, or is wrong."""
    usual = {setting.field: () if setting.removable else setting.choices[:1] for setting in settings}
    return any(texts.get(name, "") not in ("", "0", "no", "nearest", *usual[name]) or name in errors for name in usual)


def _size_kind(said: str) -> str:
    return said if said in SIZES else SIZE_FIELDS[0]


def _value(setting: Setting, text: str) -> Any:
    if setting.kind is Kind.SWITCH:
        return text == "yes"
    if not text:
        return text if setting.field in _REQUIRED else REMOVES
    match setting.kind:
        case Kind.COUNT:
            return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else text
        case Kind.LIST:
            return [one.strip() for one in text.split(",") if one.strip()]
        case _:
            return text
