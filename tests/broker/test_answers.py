"""What the answer to a write proves."""

from __future__ import annotations

import json

import httpx
import pytest

from executor.broker.smartapi.codes import CODES, told
from executor.domain.intent import Accepted, IntentKind, RefusalReason, Refused, Unknown
from tests.broker.fakes import ORDER, a_client, an_intent, an_open_client, business_error, gateway_error, ok, raising

ROUTES = {IntentKind.PLACE: "placeOrder", IntentKind.MODIFY: "modifyOrder", IntentKind.CANCEL: "cancelOrder"}


def answer_to(host, response, kind=IntentKind.PLACE):
    host.answers[ROUTES[kind]] = response
    return an_open_client(host).send(an_intent(kind)).answer


def raw(text, status=200):
    return httpx.Response(status, content=text if isinstance(text, bytes) else text.encode())


@pytest.mark.parametrize("status", [True, "true", "True"])
@pytest.mark.parametrize("kind", list(IntentKind))
def test_success_with_an_order_id_is_accepted_in_every_spelling(host, kind, status):
    data = {"script": "SBIN-EQ", "orderid": ORDER, "uniqueorderid": "5a1c"}
    response = httpx.Response(200, json={"status": status, "message": "SUCCESS", "errorcode": "", "data": data})

    assert answer_to(host, response, kind) == Accepted(ORDER, "5a1c")


def test_an_order_id_printed_as_a_number_is_text_and_a_missing_unique_id_none(host):
    assert answer_to(host, ok({"orderid": int(ORDER)})) == Accepted(ORDER, None)


@pytest.mark.parametrize(
    "data",
    [None, "", {}, [], [{"orderid": "1"}], "1", {"orderid": ""}, {"orderid": None}, {"orderid": "null"}, {"id": 1}],
)
@pytest.mark.parametrize("kind", list(IntentKind))
def test_success_without_an_order_id_is_unknown(host, kind, data):
    assert isinstance(answer_to(host, ok(data), kind), Unknown)


@pytest.mark.parametrize("kind", [IntentKind.MODIFY, IntentKind.CANCEL])
def test_an_answer_about_another_order_is_unknown(host, kind):
    assert isinstance(answer_to(host, ok({"orderid": "261125000000099"}), kind), Unknown)


@pytest.mark.parametrize("error", [httpx.ConnectError("x"), httpx.ConnectTimeout("x"), httpx.PoolTimeout("x")])
def test_without_a_connection_it_is_refused_as_never_sent(host, error):
    answer = answer_to(host, raising(error))

    assert isinstance(answer, Refused)
    assert answer.reason is RefusalReason.NEVER_SENT


@pytest.mark.parametrize("error", [httpx.ReadTimeout("x"), httpx.RemoteProtocolError("x"), ConnectionError("cut")])
@pytest.mark.parametrize("kind", list(IntentKind))
def test_a_lost_connection_is_unknown_and_its_call_has_no_status(host, kind, error):
    host.answers[ROUTES[kind]] = raising(error)

    sent = an_open_client(host).send(an_intent(kind))

    assert isinstance(sent.answer, Unknown)
    assert [call.status for call in sent.calls] == [None]
    assert len(host.bodies(ROUTES[kind])) == 1


@pytest.mark.parametrize(
    "response",
    [
        raw(""),
        raw("", 400),
        raw("<html><title>Request Rejected</title></html>"),
        raw("<html>Bad gateway</html>", 502),
        raw('{"message": "gateway"}', 502),
        raw('{"status": true, "data": {"orderid": "1"'),
        raw("null"),
        raw('"1"'),
        raw("[]"),
        raw("[" * 100_000),
        raw(b"\xff\xfe\x00"),
        raw('{"data": {"orderid": "1"}}'),
        raw('{"status": 200, "data": {"orderid": "1"}}'),
        raw('{"status": true, "success": false, "data": {"orderid": "1"}}'),
        raw('{"status": true, "errorcode": "AB2001", "data": {"orderid": "1"}}'),
        raw('{"status": true, "data": {"orderid": "1", "x": NaN}}'),
        raw('{"status": true, "message": "SUCCESS", "errorcode": "", "data": {"orderid": "1"}}', 500),
        raw('{"status": false, "message": "Symbol Not Found", "errorcode": "AB1009", "data": null}', 503),
        raw("Forbidden", 403),
        httpx.Response(302, headers={"Location": "https://x.test/"}),
    ],
)
@pytest.mark.parametrize("kind", list(IntentKind))
def test_every_surprise_is_unknown(host, kind, response):
    assert isinstance(answer_to(host, response, kind), Unknown)


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (403, "Access denied because of exceeding access rate"),
        (403, "Access denied because of exceeding rate limit\n"),
        (429, "Too Many Requests"),
        (429, ""),
    ],
)
def test_the_gateways_rate_answer_is_a_refusal(host, status, text):
    answer = answer_to(host, raw(text, status))

    assert answer == Refused(RefusalReason.RATE, text.strip() or "HTTP 429")


@pytest.mark.parametrize("code", ["AG8001", "AG8002", "AG8003"])
def test_a_token_that_the_gateway_refuses_is_a_session_refusal(host, code):
    answer = answer_to(host, gateway_error(code, "Invalid Token"))

    assert answer == Refused(RefusalReason.SESSION, told(code, "Invalid Token"))
    assert "logs in again" in answer.text


def test_an_unregistered_address_is_an_address_refusal_with_the_brokers_words(host):
    words = "Access denied: Unregistered IP address. Register your IP before retrying."

    answer = answer_to(host, gateway_error("AG7002", words))

    assert isinstance(answer, Refused)
    assert answer.reason is RefusalReason.ADDRESS
    assert answer.text.startswith("Access denied: Unregistered IP address. Register your IP before retrying. (AG7002).")
    assert "SMARTAPI_PUBLIC_IP" in answer.text


@pytest.mark.parametrize("code", sorted(code for code, known in CODES.items() if known.proof))
def test_a_code_that_proves_refusal_refuses_for_its_reason(host, code):
    assert answer_to(host, business_error(code, "words")) == Refused(CODES[code].reason, told(code, "words"))


@pytest.mark.parametrize("code", sorted(code for code, known in CODES.items() if not known.proof))
@pytest.mark.parametrize("kind", list(IntentKind))
def test_a_code_that_proves_nothing_is_unknown(host, kind, code):
    assert isinstance(answer_to(host, business_error(code, "Something went wrong"), kind), Unknown)


@pytest.mark.parametrize("code", ["AB1004", "AB1010", "AB1011", "AB1021", "AB2000", "AB2001"])
def test_the_codes_from_behind_the_gateway_prove_nothing(code):
    assert not CODES[code].proof


@pytest.mark.parametrize("code", ["", "AB7777", "AX1"])
def test_an_unknown_code_is_unknown_although_the_status_is_false(host, code):
    assert isinstance(answer_to(host, business_error(code, "Invalid something")), Unknown)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("Invalid Order Variety. Value should be NORMAL, STOPLOSS, ROBO", RefusalReason.INVALID),
        ("INVALID PARAMETERS", RefusalReason.INVALID),
        ("Order price is beyond the Limit Price Protection range defined by the exchange.", RefusalReason.PRICE),
        (
            "Difference between limit price and trigger price for SL Limit Order is beyond the exchange's "
            "Permissible range of 12.00.",
            RefusalReason.PRICE,
        ),
        ("Your order price exceeds the circuit limit.", RefusalReason.PRICE),
        ("Your order has been rejected due to Insufficient Funds.", RefusalReason.FUNDS),
    ],
)
def test_ab1007_is_judged_by_its_message(host, message, reason):
    assert answer_to(host, business_error("AB1007", message)) == Refused(reason, f"{message} (AB1007)")


def test_a_price_band_text_is_proof_under_any_code_or_none(host):
    words = "Order price is beyond the Limit Price Protection range defined by the exchange."

    assert answer_to(host, business_error("", words)) == Refused(RefusalReason.PRICE, words)


def test_a_cancel_refused_with_the_orders_ids_is_refused(host):
    ids = {"orderid": ORDER, "uniqueorderid": ORDER}
    response = business_error("AB1007", "Cancel Order Response : Bad Input", ids)

    answer = answer_to(host, response, IntentKind.CANCEL)

    assert answer == Refused(RefusalReason.INVALID, "Cancel Order Response : Bad Input (AB1007)")


def test_a_place_refused_with_a_new_order_id_is_unknown(host):
    assert isinstance(answer_to(host, business_error("AB1009", "Symbol Not Found", {"orderid": "1"})), Unknown)


def test_string_envelopes_of_the_docs_are_understood(host):
    text = json.dumps({"status": "false", "message": "no such symbol", "errorcode": "AB1009", "data": "null"})

    assert answer_to(host, raw(text)) == Refused(RefusalReason.INVALID, told("AB1009", "no such symbol"))


@pytest.mark.parametrize("code", ["AG8001", "AG7002", "AB1009"])
def test_a_code_without_status_or_success_is_a_refusal_all_the_same(host, code):
    """Seen where an address was not registered: clients died of the missing key."""
    assert answer_to(host, raw(json.dumps({"errorCode": code}))) == Refused(CODES[code].reason, told(code, ""))


def test_without_a_session_nothing_is_sent(host):
    sent = a_client(host).send(an_intent())

    assert isinstance(sent.answer, Refused)
    assert sent.answer.reason is RefusalReason.SESSION
    assert host.requests == []
