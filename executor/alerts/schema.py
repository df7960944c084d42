"""Alert schema version 1: which fields there are and what each may hold.

Invariants: an unknown field is refused, never dropped; every path that arrived is in the result; the result is
canonical, so that equal alerts are equal texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, ValidationError, fields, validate, validates_schema

from executor.alerts.fields import Choice, Moment, Number, Text
from executor.config.contracts import EXPIRY, STRIKE
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Action, Held

_PRODUCTS = {
    "intraday": "intraday",
    "carryforward": "carryforward",
    "delivery": "delivery",
    "margin": "margin",
    "mis": "intraday",
    "nrml": "carryforward",
    "cnc": "delivery",
}
_MOST_ERRORS = 5


def _one_of(*words: str) -> dict[str, str]:
    return {str(word): str(word) for word in words}


class _Strict(Schema):
    class Meta:
        unknown = RAISE

    error_messages = {  # noqa: RUF012 - marshmallow's own form
        "unknown": "is no field of version 1; remove it",
        "type": "give an object {…}",
    }


class _OneKind(_Strict):
    """Exactly one of `kinds` is given."""

    kinds: tuple[str, ...] = ("points", "percent", "price")

    @validates_schema(pass_original=True, skip_on_field_errors=False)
    def _exactly_one(self, _data: Mapping[str, Any], original: Mapping[str, Any], **_more: Any) -> None:
        found = [kind for kind in self.kinds if kind in original]
        if len(found) != 1:
            raise ValidationError(f"found {' and '.join(found) or 'none'}; give one of {', '.join(self.kinds)}")


class _Distance(_OneKind):
    kinds = ("points", "percent")
    points = Number()
    percent = Number()


class _Trail(_Distance):
    step = Number()


class _Level(_OneKind):
    points = Number()
    percent = Number()
    price = Number()
    of = Choice(_one_of("contract", "underlying"))


class _StopLoss(_Level):
    trail = fields.Nested(_Trail)
    breakeven_after = fields.Nested(_Distance)


class _Target(_Level):
    share = Number()


class _Size(_OneKind):
    kinds = ("lots", "quantity", "notional", "percent_of_capital", "risk", "contracts")
    lots = Number()
    quantity = Number()
    notional = Number()
    percent_of_capital = Number()
    risk = Number()
    contracts = Number()


class _Position(_Strict):
    now = Choice(_one_of(*Held), required=True)
    now_size = Number(zero=True, required=True)
    prev = Choice(_one_of(*Held), required=True)
    prev_size = Number(zero=True, required=True)


class _Order(_Strict):
    type = Choice(_one_of("market", "limit", "stop_limit"))
    limit = Number()
    trigger = Number()
    product = Choice(_PRODUCTS)


class _Option(_Strict):
    type = Choice({"ce": "CE", "pe": "PE", "auto": "auto"}, required=True)
    strike = Text(most=15, case="upper", form=STRIKE, say="a strike such as ATM+1, OTM2 or 24000", required=True)
    expiry = Text(most=11, case="lower", form=EXPIRY, say="an expiry such as nearest or 2026-12-01", required=True)
    min_days = Text(most=2, form=r"0|[1-9]\d?", say="whole days from 0 to 99")


class _Alert(_Strict):
    v = Text(most=5, form=r"1(\.0)?", say="1, the version of this schema", required=True)
    id = Text(most=200)
    ticker = Text(most=64, case="upper", form=r"[A-Z0-9&_.! -]+", say="a ticker as {{ticker}} gives it", required=True)
    exchange = Text(
        most=16, case="upper", form=r"[A-Z0-9_]+", say="an exchange as {{exchange}} gives it", required=True
    )
    contract = Text(most=64, case="upper", form=r"[A-Z0-9&_.!: -]+", say="a contract's symbol")
    action = Choice(_one_of(*Action), required=True)
    side = Choice(_one_of(Held.LONG, Held.SHORT))
    trade = Text(most=32, form=r"[A-Za-z0-9_.-]+", say="letters, digits, dot, dash or underscore")
    position = fields.Nested(_Position)
    order_id = Text(most=200, form=r"(?s).*")
    comment = Text(most=1000, form=r"(?s).*")
    price = Number()
    bar_time = Moment()
    fired_at = Moment(required=True)
    interval = Text(most=16, form=r"[A-Za-z0-9]+", say="an interval as {{interval}} gives it")
    size = fields.Nested(_Size)
    order = fields.Nested(_Order)
    stop_loss = fields.Nested(_StopLoss)
    take_profit = fields.List(
        fields.Nested(_Target),
        validate=validate.Length(1, 10, error="give one to ten targets"),
        error_messages={"invalid": "give a list of targets"},
    )
    option = fields.Nested(_Option)


#: Built once: making a schema costs three times as much as using it (libraries.md 2).
_SCHEMA = _Alert()


def understand(body: Mapping[str, Any]) -> dict[str, Any] | Refusal:
    """The canonical fields of a body without its token; a Refusal that names each wrong path."""
    try:
        found: dict[str, Any] = _SCHEMA.load(body)
    except ValidationError as error:
        return Refusal(RefusalCode.BAD_FIELD, _words(error.messages_dict))
    return {**found, "v": "1"}


def _words(messages: Mapping[Any, Any]) -> str:
    errors = [f"{path} {message}" for path, message in _flat(messages)]
    more = f" (and {len(errors) - _MOST_ERRORS} more)" if len(errors) > _MOST_ERRORS else ""
    return "; ".join(errors[:_MOST_ERRORS]) + more


def _flat(messages: Any, path: str = "") -> list[tuple[str, str]]:
    if isinstance(messages, Mapping):
        return [
            pair
            for key, inner in messages.items()
            for pair in _flat(inner, path if key == "_schema" else f"{path}.{_name(key)}" if path else _name(key))
        ]
    return [(path, str(message)) for message in messages]


def _name(key: Any) -> str:
    return ascii(str(key)[:40])[1:-1]
