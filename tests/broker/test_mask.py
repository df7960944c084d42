from __future__ import annotations

import json

import pytest

from executor.broker.smartapi.mask import Mask
from tests.broker.fakes import FEED, JWT, LOGIN, REFRESH

MASK = Mask([LOGIN.api_key, LOGIN.totp_secret or "", REFRESH, FEED])


@pytest.mark.parametrize("name", ["password", "totp", "jwtToken", "refreshToken", "feedToken", "JWTTOKEN", "apiKey"])
@pytest.mark.parametrize("value", ['"s3cret"', "123456", '"with \\" quote"', '"cut off'])
def test_a_secret_field_is_masked_by_name_also_in_broken_json(name, value):
    hidden = MASK.hide(f'{{"{name}" : {value}')

    assert not any(part in hidden for part in ("s3cret", "123456", "quote", "cut off"))


@pytest.mark.parametrize("secret", [LOGIN.api_key, LOGIN.totp_secret, REFRESH, FEED, JWT])
@pytest.mark.parametrize("frame", ["{}", "<html>X-PrivateKey: {}<br>", '{{"message":"bad {} here"}}', "Bearer {}"])
def test_a_known_secret_is_masked_wherever_it_stands(secret, frame):
    assert secret not in MASK.hide(frame.format(secret))


def test_escapes_hide_no_secret_field():
    text = '{"jwt\\u0054oken":"abc\\/def","x":"\\u006b3yK3yk3"}'

    assert json.loads(MASK.hide(text)) == {"jwtToken": "***", "x": "***"}


def test_short_secrets_are_masked_as_words_where_asked_and_never_inside_a_number():
    text = '{"orderid":"261125407100017","message":"pin 4071 is wrong"}'

    assert MASK.hide(text) == text
    assert MASK.hide(text, words=["4071"]) == '{"orderid":"261125407100017","message":"pin *** is wrong"}'


def test_an_order_book_without_secrets_stays_as_it_is_to_the_byte():
    text = '{ "status" : true, "data":[{"price":820.05,"symboltoken":"3045","ordertag":"x1", "text":""}] }'

    assert MASK.hide(text) == text


def test_null_stays_null():
    assert MASK.hide('{"feedToken":null}') == '{"feedToken":null}'


def test_lone_surrogates_and_nul_leave_a_text_that_can_be_stored():
    hidden = MASK.hide('{"message":"a\\ud800b\\u0000c"}')

    assert "\x00" not in json.loads(hidden)["message"]
    hidden.encode()
