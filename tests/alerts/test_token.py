from __future__ import annotations

import base64
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from executor.alerts.bounds import Grant, Rule, read_rule, rule_claim
from executor.alerts.token import Claims, sign, verify
from executor.domain.refusal import Refusal, RefusalCode
from tests.alerts.sending import KEYS, NOW, OTHER_KEYS

CLAIMS = Claims(
    alert_id="0000000000abc",
    strategy="trend",
    version=3,
    issued=NOW,
    expires=NOW + timedelta(days=30),
    grant=Grant(
        fixed={"v": "1", "action": "buy"},
        bounds={
            "ticker": Rule(words=("SBIN", "INFY")),
            "size.quantity": Rule(least=Decimal(1), most=Decimal("50.5"), optional=True),
            "price": Rule(),
        },
    ),
)
TOKEN = sign(KEYS, CLAIMS)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def code_of(token: object, *, strategy: str = "trend", now=NOW, keys=KEYS) -> RefusalCode:
    found = verify(keys, token, strategy=strategy, now=now)
    assert isinstance(found, Refusal)
    return found.code


def test_a_token_gives_back_the_claims_it_was_made_of():
    found = verify(KEYS, TOKEN, strategy="trend", now=NOW)

    assert isinstance(found, Claims)
    assert replace(found, issued=NOW, expires=CLAIMS.expires) == CLAIMS
    assert (found.issued, found.expires) == (NOW, CLAIMS.expires)


@pytest.mark.parametrize(
    "text", [TOKEN, sign(KEYS, replace(CLAIMS, version=30)), sign(KEYS, replace(CLAIMS, version=300))]
)
def test_every_other_character_at_every_place_is_refused(text: str):
    for at, original in enumerate(text):
        for character in {*ALPHABET, ".", "=", " ", "é", "\0"} - {original}:
            assert code_of(text[:at] + character + text[at + 1 :]) is RefusalCode.TOKEN_ALTERED


def test_every_character_left_out_or_doubled_is_refused():
    for at, character in enumerate(TOKEN):
        assert code_of(TOKEN[:at] + TOKEN[at + 1 :]) is RefusalCode.TOKEN_ALTERED
        assert code_of(TOKEN[:at] + character + TOKEN[at:]) is RefusalCode.TOKEN_ALTERED


def test_spare_base64_bits_that_decode_to_the_same_bytes_are_refused():
    signed, mac = TOKEN.split(".")
    same = [c for c in ALPHABET if base64.urlsafe_b64decode(mac[:-1] + c + "=") == base64.urlsafe_b64decode(mac + "=")]

    assert len(same) == 4
    accepted = [
        c for c in same if isinstance(verify(KEYS, f"{signed}.{mac[:-1]}{c}", strategy="trend", now=NOW), Claims)
    ]

    assert accepted == [mac[-1]]


@pytest.mark.parametrize("alter", [
    lambda t: t + "=", lambda t: t + "\n", lambda t: " " + t, lambda t: t + ".", lambda t: t.replace(".", "=."),
    lambda t: t.replace("-", "+").replace("_", "/"), lambda t: t.removeprefix("xt1_"), str.swapcase, lambda t: t[:-1],
    lambda t: t.split(".")[0], lambda t: t.split(".")[0] + ".", lambda _: "xt1_.", lambda _: "\ud800",
    lambda _: "x" * 60_000,
])  # fmt: skip
def test_only_the_exact_text_that_was_issued_is_taken(alter):
    assert code_of(alter(TOKEN)) is RefusalCode.TOKEN_ALTERED


@pytest.mark.parametrize(("given", "code"), [
    (None, RefusalCode.TOKEN_MISSING), ("", RefusalCode.TOKEN_MISSING), (True, RefusalCode.TOKEN_ALTERED),
    ({}, RefusalCode.TOKEN_ALTERED), ([TOKEN], RefusalCode.TOKEN_ALTERED), ("{{token}}", RefusalCode.TOKEN_ALTERED),
])  # fmt: skip
def test_what_is_no_text_is_no_token(given: object, code: RefusalCode):
    assert code_of(given) is code


def test_a_token_of_another_key_or_strategy_or_time_is_refused():
    assert code_of(TOKEN, keys=OTHER_KEYS) is RefusalCode.TOKEN_ALTERED
    assert code_of(TOKEN, strategy="trend2") is RefusalCode.TOKEN_OTHER_STRATEGY
    assert code_of(TOKEN, now=CLAIMS.expires) is RefusalCode.TOKEN_EXPIRED


def test_the_token_key_is_not_the_address_key():
    swapped = replace(KEYS, token=KEYS.address)

    assert code_of(sign(swapped, CLAIMS)) is RefusalCode.TOKEN_ALTERED


@pytest.mark.parametrize(
    "rule", [Rule(), Rule(optional=True), Rule(words=("a", "b")), Rule(least=Decimal("0.5"), most=Decimal(9))]
)
def test_a_rule_survives_the_claims(rule: Rule):
    assert read_rule(rule_claim(rule)) == rule


@pytest.mark.parametrize("claim", [{"regex": ".*"}, {"most": "x"}, {"in": 5}])
def test_a_rule_that_is_not_known_is_never_taken_for_a_wider_one(claim):
    with pytest.raises(ValueError, match="rule"):
        read_rule(claim)


@pytest.mark.parametrize(
    ("value", "allowed"), [("1", True), ("50.5", True), ("0.99", False), ("50.51", False), ("100", False)]
)
def test_a_range_compares_numbers(value: str, allowed: bool):
    assert CLAIMS.grant.bounds["size.quantity"].allows(value) is allowed


def grant_code(**fields) -> RefusalCode | None:
    refusal = CLAIMS.grant.refuses({"v": "1", "action": "buy", "ticker": "SBIN", "price": "5", **fields})
    return refusal.code if refusal else None


def test_a_body_inside_its_grant_passes():
    assert grant_code() is None
    assert grant_code(size={"quantity": "50"}, price="999999") is None


def test_a_body_outside_its_grant_is_refused():
    assert grant_code(action="sell") is RefusalCode.FIXED_CHANGED
    assert grant_code(ticker="TCS") is RefusalCode.OUTSIDE_BOUNDS
    assert grant_code(size={"quantity": "51"}) is RefusalCode.OUTSIDE_BOUNDS
    assert grant_code(size={"lots": "1"}) is RefusalCode.OUTSIDE_BOUNDS
    assert grant_code(comment="") is RefusalCode.OUTSIDE_BOUNDS


def test_a_fixed_or_bounded_path_must_be_present_unless_its_bound_says_optional():
    def without(*names: str) -> RefusalCode | None:
        fields = {"v": "1", "action": "buy", "ticker": "SBIN", "price": "5"}
        refusal = CLAIMS.grant.refuses({name: value for name, value in fields.items() if name not in names})
        return refusal.code if refusal else None

    assert without("action") is RefusalCode.FIXED_CHANGED
    assert without("price") is RefusalCode.OUTSIDE_BOUNDS
    assert without() is None
