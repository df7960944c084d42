from __future__ import annotations

import re
from dataclasses import replace

import pytest

from executor.alerts.address import (
    account_of,
    hook_secret,
    hook_url,
    postback_url,
    rotation_of,
    standard_webhook_secret,
    unreachable,
)
from tests.alerts.sending import KEYS, OTHER_KEYS, STRATEGY

ROTATED = replace(STRATEGY, rotation=4, rotation_before=3)


def test_an_address_is_128_bits_in_lower_case_base32_and_can_be_shown_again():
    url = hook_url(KEYS, STRATEGY, "https://example.test/")

    assert re.fullmatch(r"https://example\.test/hook/trend/[a-z2-7]{26}", url)
    assert url == hook_url(KEYS, STRATEGY, "https://example.test")


def test_the_addresses_pasted_into_tradingview_survive_new_versions_of_the_program():
    assert hook_secret(replace(KEYS, address=b"k" * 32), "trend", 1) == "nenxyzuwthtnhilvdal355x5wu"


def test_every_strategy_rotation_key_and_purpose_has_a_secret_of_its_own():
    secrets = {
        hook_secret(KEYS, "trend", 1),
        hook_secret(KEYS, "trend", 2),
        hook_secret(KEYS, "trend2", 1),
        hook_secret(OTHER_KEYS, "trend", 1),
        standard_webhook_secret(KEYS, STRATEGY),
        standard_webhook_secret(KEYS, ROTATED),
    }

    assert len(secrets) == 6
    assert standard_webhook_secret(KEYS, STRATEGY).startswith("whsec_")


def test_the_rotation_before_goes_on_working_until_it_is_ended():
    before, now = hook_secret(KEYS, "trend", 3), hook_secret(KEYS, "trend", 4)

    assert (rotation_of(KEYS, ROTATED, now), rotation_of(KEYS, ROTATED, before)) == (4, 3)
    assert rotation_of(KEYS, replace(ROTATED, rotation_before=None), before) is None
    assert rotation_of(KEYS, ROTATED, hook_secret(KEYS, "trend", 2)) is None


def test_only_the_exact_secret_is_taken():
    secret = hook_secret(KEYS, "trend", 1)

    for wrong in (secret.upper(), secret[:-1], secret + "a", secret + "=", "", "ü", "\ud800", secret[:-1] + "z"):
        assert rotation_of(KEYS, STRATEGY, wrong) is None


def test_a_postback_address_belongs_to_one_account():
    url = postback_url(KEYS, "default", "https://example.test/")
    secret = url.rpartition("/")[2]

    assert re.fullmatch(r"https://example\.test/postback/[a-z2-7]{26}", url)
    assert account_of(KEYS, ["paper", "default"], secret) == "default"
    assert account_of(KEYS, ["paper"], secret) is None
    assert account_of(OTHER_KEYS, ["default"], secret) is None
    assert secret != hook_secret(KEYS, "default", 0)


@pytest.mark.parametrize(
    "url",
    ["http://localhost", "http://127.0.0.1:8080", "https://10.0.0.5", "http://desk", "https://pi.local", "https://[2a00::1]",
     "https://trade.example:8443"],
)  # fmt: skip
def test_where_tradingview_cannot_send_is_said(url):
    assert "set EXECUTOR_PUBLIC_URL" in unreachable(url)


@pytest.mark.parametrize("url", ["https://trade.example", "http://trade.example:80/x", "https://52.89.214.238"])
def test_a_public_address_is_good(url):
    assert unreachable(url) == ""
