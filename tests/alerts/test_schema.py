from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.alerts.parse import leaves
from executor.alerts.schema import understand
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import read_ask

LEAST = {"v": "1", "ticker": "SBIN", "exchange": "NSE", "action": "buy", "fired_at": "2026-11-25T03:50:00Z"}
FULL = {
    **LEAST,
    "id": "a-1",
    "contract": "SBIN-EQ",
    "side": "long",
    "trade": "swing-2",
    "position": {"now": "long", "now_size": "10", "prev": "flat", "prev_size": "0"},
    "order_id": "Long",
    "comment": "",
    "price": "812.5",
    "bar_time": "2026-11-25T03:45:00Z",
    "interval": "5",
    "size": {"quantity": "10"},
    "order": {"type": "limit", "limit": "810", "product": "intraday"},
    "stop_loss": {"percent": "1", "trail": {"points": "5", "step": "1"}, "breakeven_after": {"percent": "2"}},
    "take_profit": [{"price": "820", "of": "contract"}, {"percent": "2", "share": "50"}],
    "option": {"type": "CE", "strike": "ATM+1", "expiry": "weekly", "min_days": "2"},
}


def refused(**fields: Any) -> str:
    found = understand({**LEAST, **fields})
    assert isinstance(found, Refusal) and found.code is RefusalCode.BAD_FIELD
    return found.detail


def understood(**fields: Any) -> dict[str, Any]:
    found = understand({**LEAST, **fields})
    assert isinstance(found, dict), found
    return found


def test_every_field_of_version_1_is_understood_and_canonical_already():
    assert understand(FULL) == FULL


def test_the_result_is_text_through_and_through():
    assert all(type(value) is str for _, value in leaves(understand(FULL)))


@pytest.mark.parametrize("path", [path for path, _ in leaves(FULL) if "." not in path and path not in LEAST])
def test_optional_fields_may_be_absent(path: str):
    found = understand({name: value for name, value in FULL.items() if name != path})

    assert isinstance(found, dict) and path not in found


@pytest.mark.parametrize("name", LEAST)
def test_a_required_field_that_is_missing_is_named(name: str):
    found = understand({key: value for key, value in LEAST.items() if key != name})

    assert isinstance(found, Refusal) and found.detail.startswith(f"{name} is missing")


@pytest.mark.parametrize(
    ("given_text", "canonical"),
    [("75.0", "75"), ("1e-05", "0.00001"), ("1E+2", "100"), (" 812.50 ", "812.5"), ("+3", "3"), ("007", "7")],
)
def test_numbers_become_plain_decimal_text(given_text: str, canonical: str):
    assert understood(price=given_text)["price"] == canonical


@pytest.mark.parametrize(
    "text",
    ["NaN", "nan", "na", "null", "", "-1", "0", "Infinity", "1_000", "1,000", "0x10", "१२", "1e99", "1e-99", "--1",
     "1.", ".5", "9" * 40, "1e99999999999999999999", "{}", "812.5 812.5"],
)  # fmt: skip
def test_what_is_no_plain_number_above_zero_is_refused_with_what_was_found(text: str):
    assert refused(price=text).startswith("price found '")


@pytest.mark.parametrize("value", [None, True, False, {}, [], ["812"], {"price": "812"}])
def test_a_number_of_another_kind_is_refused(value: Any):
    assert refused(price=value).startswith("price ")


def test_a_position_may_be_flat_with_size_zero():
    found = understood(position={"now": "FLAT", "now_size": "-0.0", "prev": " Long ", "prev_size": "75.0"})

    assert found["position"] == {"now": "flat", "now_size": "0", "prev": "long", "prev_size": "75"}


def test_words_take_their_canonical_case():
    found = understood(ticker=" sbin ", exchange="nse_dly", action="BUY", order={"product": "MIS"})

    assert (found["ticker"], found["exchange"], found["action"]) == ("SBIN", "NSE_DLY", "buy")
    assert found["order"] == {"product": "intraday"}


@pytest.mark.parametrize(("word", "product"), [("CNC", "delivery"), ("mis", "intraday"), ("NRML", "carryforward")])
def test_products_have_their_indian_names_too(word: str, product: str):
    assert understood(order={"product": word})["order"]["product"] == product


@pytest.mark.parametrize(
    ("text", "canonical"),
    [
        ("2026-11-25T03:50:00Z", "2026-11-25T03:50:00Z"),
        ("2026-11-25T09:20:00+05:30", "2026-11-25T03:50:00Z"),
        ("2026-11-25T03:50:00.250Z", "2026-11-25T03:50:00.250000Z"),
        ("1795578600", "2026-11-25T03:50:00Z"),
        ("1795578600250", "2026-11-25T03:50:00.250000Z"),
    ],
)
def test_times_become_utc(text: str, canonical: str):
    assert understood(fired_at=text)["fired_at"] == canonical


@pytest.mark.parametrize(
    "text",
    ["2026-11-25T03:50:00", "2026-11-25", "2026-W48-3T03:50:00Z", "25.11.2026", "now", "", "1795578600.5", "12345",
     "2026-13-25T03:50:00Z", "0001-01-01T00:00:00+14:00", "9999999999999999"],
)  # fmt: skip
def test_a_time_without_zone_or_of_another_form_is_refused(text: str):
    assert refused(fired_at=text).startswith("fired_at found")


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"ticker": "SBIN|NSE"}, "ticker found"),
        ({"trade": "a|b"}, "trade found"),
        ({"exchange": "NSE:SBIN"}, "exchange found"),
        ({"ticker": ""}, "ticker found"),
        ({"v": "2"}, "v found '2'; give 1"),
        ({"action": "hold"}, "action found 'hold'; give one of buy, sell, exit"),
        ({"side": "flat"}, "side found"),
        ({"qty": "5"}, "qty is no field of version 1; remove it"),
        ({"legs": []}, "legs is no field"),
        ({"position": "long"}, "position give an object"),
        ({"position": {"now": "long"}}, "position.now_size is missing"),
        ({"size": {}}, "size found none; give one of lots"),
        ({"size": {"lots": "1", "quantity": "65"}}, "size found lots and quantity; give one of"),
        ({"size": {"lots": "one"}}, "size.lots found 'one'; give a plain number"),
        ({"stop_loss": {"of": "contract"}}, "stop_loss found none"),
        ({"stop_loss": {"percent": "1", "trail": {}}}, "stop_loss.trail found none"),
        ({"take_profit": {"percent": "1"}}, "take_profit give a list"),
        ({"take_profit": []}, "take_profit give one to ten"),
        ({"take_profit": [{"percent": "1"}, {"percent": "0"}]}, "take_profit.1.percent found '0'"),
        ({"option": {"type": "CE", "strike": "24,000", "expiry": "weekly"}}, "option.strike found"),
        (
            {"option": {"type": "auto", "strike": "PREMIUM", "expiry": "soon", "min_days": "-1"}},
            "option.strike found 'PREMIUM'; give a strike such as ATM+1, OTM2 or 24000, at most 15 characters; "
            "option.expiry found 'soon'; give an expiry such as nearest or 2026-12-01, at most 11 characters; "
            "option.min_days found '-1'; give whole days from 0 to 99, at most 2 characters",
        ),
        ({"comment": "x" * 1001}, "comment found"),
    ],
)
def test_an_error_names_the_path_what_was_found_and_what_to_do(fields: dict[str, Any], says: str):
    assert says in refused(**fields)


@pytest.mark.parametrize("strike", ["ATM", "ATM-12", "OTM2", "ITM1", "24000", "292.5", "PREMIUM120", "PREMIUM99.75"])
def test_a_strike_is_steps_from_the_money_a_price_or_a_premium(strike: str):
    rule = {"type": "auto", "strike": strike.lower(), "expiry": "Next-Weekly", "min_days": "0"}

    found = understood(option=rule)["option"]

    assert found == {"type": "auto", "strike": strike, "expiry": "next-weekly", "min_days": "0"}


def test_many_errors_are_told_in_few_words():
    assert refused(**{f"x{number}": "1" for number in range(50)}).endswith("(and 45 more)")


def test_an_absent_optional_stays_absent_for_the_desk():
    ask = read_ask(understood())

    assert (ask.price, ask.size, ask.stop_loss, ask.position, ask.trade) == (None, None, None, None, "")


@given(st.dictionaries(st.sampled_from([*FULL, "x"]), st.text() | st.dictionaries(st.text(), st.text())))
def test_no_path_is_ever_dropped_and_canonical_is_stable(fields: dict[str, Any]):
    found = understand({**LEAST, **fields})

    if isinstance(found, dict):
        assert {path for path, _ in leaves(found)} == {path for path, _ in leaves({**LEAST, **fields})}
        assert understand(found) == found
