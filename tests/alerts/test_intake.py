"""An arrival is refused, or understood inside the bounds of its token: never wider."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.alerts.intake import Judgement
from executor.alerts.parse import leaves
from executor.alerts.template import Style, Template
from executor.domain.delivery import Verdict
from executor.domain.refusal import RefusalCode
from executor.domain.signal import lane_of, read_ask
from executor.domain.strategy import Rails
from tests.alerts.sending import ALERT, NOW, OTHER_KEYS, STRATEGY, a_message, a_template, changed, judged

FIXED = {"action": "buy", "size__quantity": "{{strategy.order.contracts}}", "stop_loss__percent": "1"}
STRATEGY_ALERT = a_template()
INDICATOR_ALERT = a_template(Style.INDICATOR, **FIXED)

#: What each template may become, said again by hand: path → whether a value is inside.
COMMON = {
    "ticker": {"SBIN", "BAJAJ-AUTO", "BAJAJ_AUTO"}.__contains__,
    "exchange": lambda value: value.split("_")[0] in {"NSE", "BSE", "MCX"},
    "price": lambda value: float(value) > 0,
    "fired_at": lambda value: value.startswith("2026-11-2"),
    "interval": str.isalnum,
}
POSITION = {f"position.{name}": bool for name in ("now", "now_size", "prev", "prev_size")}
MAY_BECOME = {
    STRATEGY_ALERT: COMMON | POSITION | {"action": {"buy", "sell"}.__contains__},
    INDICATOR_ALERT: COMMON
    | {
        "action": "buy".__eq__,
        "size.quantity": lambda value: 0 < float(value) <= 50,
        "stop_loss.percent": "1".__eq__,
    },
}


def assert_never_wider(judgement: Judgement, template: Template) -> None:
    if judgement.signal is None:
        assert judgement.delivery.verdict is Verdict.REFUSED and judgement.status >= 400
        return
    found, inside = dict(leaves(judgement.signal.fields)), MAY_BECOME[template]
    assert found.keys() == inside.keys()
    assert [path for path, value in found.items() if not inside[path](value)] == []
    assert (judgement.signal.strategy, judgement.signal.account) == (STRATEGY.name, STRATEGY.account)


def passed_token(judgement: Judgement) -> bool:
    return judgement.delivery.layers.get("token", "").startswith("passed")


def test_a_genuine_alert_becomes_a_signal_with_every_layer_passed():
    judgement = judged(a_message(STRATEGY_ALERT))

    delivery, signal = judgement.delivery, judgement.signal
    assert (judgement.status, delivery.verdict, delivery.code) == (HTTPStatus.ACCEPTED, Verdict.ACCEPTED, None)
    assert list(delivery.layers) == ["address", "token", "schema", "bounds", "freshness"]
    assert all(found.startswith("passed") for found in delivery.layers.values()) and ALERT in delivery.layers["token"]
    assert signal is not None and signal.delivery == delivery.id and signal.id > delivery.id
    assert (signal.strategy_version, signal.action, signal.fired_at) == (1, "buy", NOW - timedelta(seconds=2))
    assert lane_of(signal) == (STRATEGY.account, "trend", "NSE:SBIN", "")
    assert signal.fields == {
        "ticker": "SBIN",
        "exchange": "NSE",
        "action": "buy",
        "position": {"now": "long", "now_size": "10", "prev": "flat", "prev_size": "0"},
        "price": "812.5",
        "fired_at": "2026-11-25T03:49:58Z",
        "interval": "5",
    }
    assert read_ask(signal.fields).position is not None


@pytest.mark.parametrize("template", [STRATEGY_ALERT, INDICATOR_ALERT], ids=["strategy", "indicator"])
def test_every_byte_changed_left_out_or_put_in_is_refused_or_understood_inside_the_same_bounds(template: Template):
    body, chance = a_message(template), Random(20261125)
    telling = b'"{}[]:,0129eE.+-_|\\nNSEaxz\x00\x7f\xff '
    first, last = body.index(b"xt1_"), body.index(b'",', body.index(b"xt1_"))

    for at in range(len(body)):
        others = {chance.randrange(256), chance.randrange(256), *chance.sample(telling, 5), body[at] ^ 1, body[at] ^ 32}
        versions = [body[:at] + bytes([other]) + body[at + 1 :] for other in others - {body[at]}]
        versions += [body[:at] + body[at + 1 :], body[:at] + bytes([chance.choice(telling)]) + body[at:]]
        for version in versions:
            judgement = judged(version)
            assert_never_wider(judgement, template)
            if first <= at < last and len(version) == len(body):
                assert judgement.status in (HTTPStatus.BAD_REQUEST, HTTPStatus.UNAUTHORIZED)
                assert not passed_token(judgement)


def test_the_mutations_reach_both_ends():
    """The test above can fail: some changes are refused, and some are understood as something else."""
    body = a_message(STRATEGY_ALERT)

    cheaper, sold = judged(body.replace(b"812.5", b"912.5")), judged(body.replace(b'"buy"', b'"sell"'))

    assert cheaper.signal is not None and cheaper.signal.fields["price"] == "912.5"
    assert sold.signal is not None and sold.signal.action == "sell"


@pytest.mark.parametrize("template", [STRATEGY_ALERT, INDICATOR_ALERT], ids=["strategy", "indicator"])
def test_every_field_removed_is_refused(template: Template):
    for path, _ in leaves(json.loads(a_message(template))):
        body = json.loads(a_message(template))
        *outer, last = path.split(".")
        inner = body
        for step in outer:
            inner = inner[step]
        del inner[last]

        judgement = judged(json.dumps(body).encode())

        assert judgement.signal is None, path


@pytest.mark.parametrize("extra", [
    {"size": {"quantity": "1"}}, {"stop_loss": {"percent": "90"}}, {"take_profit": [{"percent": "1"}]}, {"trade": "b"},
    {"side": "long"}, {"order": {"product": "margin"}}, {"contract": "SBIN-EQ"}, {"comment": ""}, {"id": "1"},
    {"option": {"type": "CE", "strike": "ATM", "expiry": "weekly"}}, {"order_id": "x"},
    {"bar_time": "2026-11-25T03:45:00Z"},
])  # fmt: skip
def test_a_field_that_the_template_does_not_have_is_refused(extra):
    judgement = judged(changed(a_message(STRATEGY_ALERT), **extra))

    assert (judgement.status, judgement.delivery.code) == (422, RefusalCode.OUTSIDE_BOUNDS)


@pytest.mark.parametrize(("template", "fields", "code"), [
    (STRATEGY_ALERT, {"action": "exit"}, RefusalCode.OUTSIDE_BOUNDS),
    (STRATEGY_ALERT, {"action": "flatten"}, RefusalCode.OUTSIDE_BOUNDS),
    (STRATEGY_ALERT, {"ticker": "TCS"}, RefusalCode.OUTSIDE_BOUNDS),
    (STRATEGY_ALERT, {"exchange": "NYSE"}, RefusalCode.OUTSIDE_BOUNDS),
    (INDICATOR_ALERT, {"action": "sell"}, RefusalCode.FIXED_CHANGED),
    (INDICATOR_ALERT, {"size": {"quantity": "51"}}, RefusalCode.OUTSIDE_BOUNDS),
    (INDICATOR_ALERT, {"size": {"quantity": 50.01}}, RefusalCode.OUTSIDE_BOUNDS),
    (INDICATOR_ALERT, {"size": {"lots": "1"}}, RefusalCode.OUTSIDE_BOUNDS),
    (INDICATOR_ALERT, {"stop_loss": {"percent": "1.01"}}, RefusalCode.FIXED_CHANGED),
    (INDICATOR_ALERT, {"stop_loss": {"points": "1"}}, RefusalCode.FIXED_CHANGED),
])  # fmt: skip
def test_bounds_exceeded_are_refused(template: Template, fields, code: RefusalCode):
    judgement = judged(changed(a_message(template), **fields))

    assert (judgement.status, judgement.delivery.code) == (422, code)
    assert judgement.delivery.layers["bounds"] == f"failed: {code}"


@pytest.mark.parametrize("same", [1, "1.0", "1.000", "1e0", " 1 "])
def test_a_fixed_number_may_be_written_in_any_form_of_the_same_value(same):
    assert judged(changed(a_message(INDICATOR_ALERT), stop_loss={"percent": same})).signal is not None


def test_a_delayed_feed_passes_to_the_desk_which_refuses_it_with_a_better_sentence():
    judgement = judged(a_message(STRATEGY_ALERT, exchange="NSE_DLY"))

    assert judgement.signal is not None and judgement.signal.fields["exchange"] == "NSE_DLY"


def test_the_token_of_another_strategy_is_refused():
    other = a_template(strategy=replace(STRATEGY, name="other"))

    judgement = judged(a_message(other), issued=other.issued)

    assert (judgement.status, judgement.delivery.code) == (401, RefusalCode.TOKEN_OTHER_STRATEGY)


def test_a_token_that_is_missing_expired_revoked_unknown_or_of_another_key_is_refused():
    body, issued = a_message(STRATEGY_ALERT), STRATEGY_ALERT.issued
    late = issued.expires + timedelta(days=1)

    found = {
        "missing": judged(changed(body, token=None)),
        "expired": judged(body, now=late),
        "revoked": judged(body, issued=replace(issued, revoked_at=NOW)),
        "unknown": judged(body, issued=None),
        "other key": judged(body, keys=OTHER_KEYS),
    }

    assert {name: judgement.delivery.code for name, judgement in found.items()} == {
        "missing": RefusalCode.TOKEN_MISSING,
        "expired": RefusalCode.TOKEN_EXPIRED,
        "revoked": RefusalCode.TOKEN_REVOKED,
        "unknown": RefusalCode.TOKEN_ALTERED,
        "other key": RefusalCode.TOKEN_ALTERED,
    }
    assert all(judgement.status == 401 and not passed_token(judgement) for judgement in found.values())


def test_the_strategys_version_is_recorded_and_not_compared():
    newer = replace(STRATEGY, version=7, rails=Rails(tickers=frozenset({"INFY"}), max_quantity=1))

    judgement = judged(a_message(STRATEGY_ALERT), strategy=newer)

    assert judgement.signal is not None and judgement.signal.strategy_version == 7


@pytest.mark.parametrize(("fired_at", "code"), [
    ("2026-11-25T03:50:06Z", RefusalCode.FIRED_AHEAD),
    ("2026-11-26T03:50:00Z", RefusalCode.FIRED_AHEAD),
    ("2026-11-24T03:50:00Z", RefusalCode.FIRED_OTHER_DAY),
    ("2026-11-24T18:29:59Z", RefusalCode.FIRED_OTHER_DAY),
    ("2026-11-25T03:50:05Z", None),
    ("2026-11-24T18:30:00Z", None),
    ("1795578600000", None),
    ("9999-12-31T23:59:59Z", RefusalCode.BAD_FIELD),
])  # fmt: skip
def test_only_todays_alerts_pass_and_how_old_they_may_be_is_the_desks(fired_at: str, code: RefusalCode | None):
    judgement = judged(a_message(STRATEGY_ALERT, timenow=fired_at))

    assert judgement.delivery.code is code
    assert judgement.status == (422 if code else 202)


def test_times_of_a_refusal_are_told_as_a_trader_in_india_reads_them():
    """By UTC both were on the 25th, and the refusal would make no sense."""
    later = NOW.replace(hour=23, minute=45) + timedelta(hours=1)

    told = judged(a_message(STRATEGY_ALERT, timenow="2026-11-25T18:00:00Z"), now=later).delivery

    assert told.code is RefusalCode.FIRED_OTHER_DAY
    assert "fired 25 Nov 2026 23:30:00 IST, received 26 Nov 2026 00:45:00 IST" in told.detail


@pytest.mark.parametrize(("body", "status", "code"), [
    (b"", 400, RefusalCode.NOT_JSON),
    (b"x" * 65_537, 413, RefusalCode.TOO_LARGE),
    (a_message(STRATEGY_ALERT, close="NaN"), 422, RefusalCode.BAD_FIELD),
    (a_message(STRATEGY_ALERT, close="{{plot_0}}"), 422, RefusalCode.PLACEHOLDER),
    (a_message(STRATEGY_ALERT, interval='5", "ticker": "TCS'), 400, RefusalCode.NOT_JSON),
    (a_message(STRATEGY_ALERT, interval='5", "size": {"quantity": "9"}, "trade": "x'), 422, RefusalCode.OUTSIDE_BOUNDS),
])  # fmt: skip
def test_each_kind_of_wrong_body_has_its_answer(body: bytes, status: int, code: RefusalCode):
    judgement = judged(body)

    assert (judgement.status, judgement.delivery.code, judgement.signal) == (status, code, None)


def test_a_body_is_kept_verbatim_but_for_its_token_and_hashed_as_it_arrived():
    body = a_message(STRATEGY_ALERT)
    token = json.loads(body)["token"]

    delivery = judged(body).delivery

    assert delivery.body == body.decode().replace(token, "***")
    assert delivery.sha256 == hashlib.sha256(body).hexdigest()


def test_no_secret_is_in_a_detail_or_layer():
    token = json.loads(a_message(STRATEGY_ALERT))["token"]

    delivery = judged(changed(a_message(STRATEGY_ALERT), ticker=token, password="hunter2")).delivery

    assert delivery.code is RefusalCode.BAD_FIELD
    assert token[:20] not in repr(delivery) and "hunter2" not in repr(delivery)


def test_equal_alerts_have_one_key_however_they_are_written():
    body = a_message(STRATEGY_ALERT)
    compact = json.dumps(dict(reversed(json.loads(body).items())), separators=(",", ":")).encode()

    first, *same = [judged(text).signal.key for text in (body, compact, body.replace(b'"812.5"', b"812.50"))]
    other = judged(a_message(STRATEGY_ALERT, close="812.55")).signal.key

    assert same == [first, first] and first.startswith("sha:")
    assert other.startswith("sha:") and other != first


def test_an_explicit_id_is_the_key_and_no_part_of_the_fields():
    template = a_template(id="bar-{{timenow}}")

    signal = judged(a_message(template)).signal

    assert signal is not None and signal.key == "id:bar-2026-11-25T03:49:58Z" and "id" not in signal.fields


def test_a_ticker_is_of_one_lane_however_its_chart_spells_it():
    template = a_template()

    found = [judged(a_message(template, ticker=spelled)).signal for spelled in ("BAJAJ-AUTO", "BAJAJ_AUTO")]

    assert [signal and lane_of(signal).ticker for signal in found] == ["NSE:BAJAJ_AUTO"] * 2
    assert [signal and signal.fields["ticker"] for signal in found] == ["BAJAJ-AUTO", "BAJAJ_AUTO"]


def test_a_trade_name_separates_lanes():
    signal = judged(a_message(a_template(trade="swing"))).signal

    assert signal is not None and lane_of(signal).trade == "swing"


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_become_a_delivery_that_every_store_can_keep(body: bytes):
    delivery = judged(body).delivery

    assert delivery.verdict is Verdict.REFUSED
    assert "\0" not in delivery.body + delivery.detail
    (delivery.body + delivery.detail).encode()


@given(st.dictionaries(st.text(), st.text() | st.integers() | st.none() | st.dictionaries(st.text(), st.text())))
def test_whatever_is_added_behind_a_genuine_token_is_never_wider(extra):
    body = json.dumps({**json.loads(a_message(STRATEGY_ALERT)), **extra}).encode()

    assert_never_wider(judged(body), STRATEGY_ALERT)


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2035, 1, 1), timezones=st.just(UTC)))
def test_no_signal_is_of_another_day_or_of_the_future(fired_at: datetime):
    signal = judged(a_message(STRATEGY_ALERT, timenow=f"{fired_at:%Y-%m-%dT%H:%M:%SZ}")).signal

    assert signal is None or (
        signal.fired_at <= NOW + timedelta(seconds=5) and NOW - signal.fired_at < timedelta(days=1)
    )
