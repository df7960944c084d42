"""How a ticker becomes a contract, as a person writes it: when `1!` rolls, and which option an underlying's alert buys.

A roll is `nearest`, `refuse`, or `2 days at 15:00`. An option rule is `auto ATM nearest`, with the fewest days to its
expiry behind it where they are meant: `auto ATM weekly 2`. A table says the same: `{type = "auto", strike = "ATM",
expiry = "weekly", min_days = 2}`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, time
from typing import Any

from marshmallow import ValidationError

from executor.domain.option import OptionRule, OptionType
from executor.domain.strategy import Roll, RollKind

#: The forms of domain/strike: steps from the money, a strike, or the price that is nearest to a premium.
STRIKE = r"ATM([+-]\d{1,2})?|(OTM|ITM)\d{1,2}|PREMIUM\d{1,5}(\.\d{1,2})?|\d{1,7}(\.\d{1,2})?"
EXPIRY = r"nearest|weekly|next-weekly|monthly|\d{4}-\d\d-\d\d"
MOST_DAYS = 99

_ROLL = re.compile(r"(\d{1,2}) days? at (\d\d:\d\d)", re.ASCII)
_MOST_ROLL_DAYS = 20
_TYPES = {kind.value.lower(): kind for kind in OptionType}
_OPTION_FIELDS = ("type", "strike", "expiry", "min_days")


def read_roll(value: Any) -> Roll:
    """Raises ValidationError."""
    text = " ".join(str(value).lower().split())
    if text in (RollKind.NEAREST, RollKind.REFUSE):
        return Roll(RollKind(text))
    match = _ROLL.fullmatch(text)
    try:
        at = time.fromisoformat(match[2]) if match else None
    except ValueError:
        at = None
    if match is None or at is None or int(match[1]) > _MOST_ROLL_DAYS:
        raise ValidationError(
            f"is {value!r}; give nearest, refuse, or trading days before the expiry with a time in India, "
            f'such as "2 days at 15:00" (at most {_MOST_ROLL_DAYS})'
        )
    return Roll(RollKind.BEFORE, int(match[1]), at)


def roll_text(roll: Roll) -> str:
    if roll.kind is not RollKind.BEFORE:
        return roll.kind.value
    return f"{roll.days} {'day' if roll.days == 1 else 'days'} at {roll.at or time.min:%H:%M}"


def read_option(value: Any) -> OptionRule:
    """Read a table, or the same as words in its order. Raises ValidationError."""
    given = dict(value) if isinstance(value, Mapping) else _from_words(value)
    unknown = sorted(set(given) - set(_OPTION_FIELDS))
    missing = [name for name in _OPTION_FIELDS[:3] if name not in given]
    if unknown or missing:
        found = f"has no {missing[0]}" if missing else f"has {unknown[0]}, which is no part of a rule"
        raise ValidationError(
            f'{found}; give type, strike and expiry such as "auto ATM nearest", and min_days if meant'
        )
    return OptionRule(
        type=_type(given["type"]),
        strike=_matching(STRIKE, str(given["strike"]).upper(), "strike such as ATM, ATM+1, OTM2, PREMIUM120 or 24000"),
        expiry=_expiry(given["expiry"]),
        min_days=_days(given.get("min_days", 0)),
    )


def option_text(rule: OptionRule) -> str:
    words = (rule.type.value, rule.strike, rule.expiry, *([str(rule.min_days)] if rule.min_days else []))
    return " ".join(words)


def _from_words(value: Any) -> dict[str, Any]:
    words = str(value).split()
    if len(words) > len(_OPTION_FIELDS):
        raise ValidationError(f'is {value!r}; give type, strike, expiry and days, such as "auto ATM nearest 2"')
    return dict(zip(_OPTION_FIELDS, words, strict=False))


def _type(value: Any) -> OptionType:
    found = _TYPES.get(str(value).lower())
    if found is None:
        raise ValidationError(f"is of type {value!r}; give CE, PE, or auto: a call where the chart is long, else a put")
    return found


def _expiry(value: Any) -> str:
    text = str(value).lower()
    words = "expiry such as nearest, weekly, next-weekly, monthly or 2026-12-01"
    _matching(EXPIRY, text, words)
    if text[0].isdigit():
        try:
            date.fromisoformat(text)
        except ValueError:
            raise ValidationError(f"has {value!r}, which is no date; give an {words}") from None
    return text


def _days(value: Any) -> int:
    text = str(value)
    if not text.isdecimal() or int(text) > MOST_DAYS:
        raise ValidationError(f"has min_days {value!r}; give whole days from 0 to {MOST_DAYS}")
    return int(text)


def _matching(form: str, text: str, words: str) -> str:
    if not re.fullmatch(form, text, re.ASCII):
        raise ValidationError(f"has {text!r}; give a{'n' if words[0] == 'e' else ''} {words}")
    return text
