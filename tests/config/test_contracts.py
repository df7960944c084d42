"""When a continuous ticker rolls and which option is traded, as a person writes it."""

from __future__ import annotations

from datetime import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from executor.config.contracts import option_text, read_option, read_roll, roll_text
from executor.domain.option import OptionRule, OptionType
from executor.domain.strategy import Roll, RollKind


@st.composite
def rolls(draw):
    kind = draw(st.sampled_from(RollKind))
    if kind is not RollKind.BEFORE:
        return Roll(kind)
    return Roll(kind, draw(st.integers(0, 20)), draw(st.builds(time, st.integers(0, 23), st.integers(0, 59))))


@st.composite
def options(draw):
    return OptionRule(
        type=draw(st.sampled_from(OptionType)),
        strike=draw(st.sampled_from(["ATM", "ATM+2", "ATM-1", "OTM12", "ITM1", "24000", "292.5", "PREMIUM120"])),
        expiry=draw(st.sampled_from(["nearest", "weekly", "next-weekly", "monthly", "2026-12-01"])),
        min_days=draw(st.integers(0, 99)),
    )


@pytest.mark.parametrize(
    ("text", "roll"),
    [
        ("nearest", Roll()),
        (" Refuse ", Roll(RollKind.REFUSE)),
        ("2 days at 15:00", Roll(RollKind.BEFORE, 2, time(15))),
        ("1  day at 09:20", Roll(RollKind.BEFORE, 1, time(9, 20))),
        ("0 days at 12:00", Roll(RollKind.BEFORE, 0, time(12))),
    ],
)
def test_a_roll_is_a_word_or_days_before_the_expiry_and_a_time(text, roll):
    assert read_roll(text) == roll


@pytest.mark.parametrize(
    "text", ["", "next", "2 days", "2 days at 3pm", "2 days at 24:00", "21 days at 15:00", 2, None]
)
def test_any_other_roll_is_refused(text):
    with pytest.raises(ValidationError, match=r"give nearest, refuse, or trading days before the expiry"):
        read_roll(text)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("auto ATM nearest", OptionRule(OptionType.AUTO, "ATM", "nearest")),
        ("ce otm2 Weekly 2", OptionRule(OptionType.CE, "OTM2", "weekly", 2)),
        ("PE PREMIUM120 2026-12-01", OptionRule(OptionType.PE, "PREMIUM120", "2026-12-01")),
        (
            {"type": "auto", "strike": 24000, "expiry": "monthly", "min_days": 5},
            OptionRule(OptionType.AUTO, "24000", "monthly", 5),
        ),
    ],
)
def test_an_option_rule_is_a_table_or_words_in_its_order(value, rule):
    assert read_option(value) == rule


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("auto", 'has no strike; give type, strike and expiry such as "auto ATM nearest"'),
        ({"type": "CE", "strike": "ATM"}, "has no expiry; give type, strike and expiry"),
        ({"type": "CE", "strike": "ATM", "expiry": "weekly", "delta": 30}, "has delta, which is no part of a rule"),
        ("auto ATM nearest 2 more", 'give type, strike, expiry and days, such as "auto ATM nearest 2"'),
        ("buy ATM nearest", "is of type 'buy'; give CE, PE, or auto: a call where the chart is long, else a put"),
        ("CE ATM2 nearest", "has 'ATM2'; give a strike such as ATM, ATM+1, OTM2, PREMIUM120 or 24000"),
        ("CE ATM soon", "has 'soon'; give an expiry such as nearest, weekly, next-weekly, monthly or 2026-12-01"),
        ("CE ATM 2026-13-01", "has '2026-13-01', which is no date; give an expiry such as nearest"),
        ("CE ATM nearest 100", "has min_days '100'; give whole days from 0 to 99"),
        ("CE ATM nearest -1", "has min_days '-1'; give whole days from 0 to 99"),
        (7, "has no strike"),
    ],
)
def test_any_other_rule_is_refused_with_the_way_out(value, words):
    with pytest.raises(ValidationError) as caught:
        read_option(value)

    assert words in caught.value.messages[0]


@given(rolls())
def test_every_roll_comes_back_the_same(roll):
    assert read_roll(roll_text(roll)) == roll


@given(options())
def test_every_option_rule_comes_back_the_same(rule):
    assert read_option(option_text(rule)) == rule
