from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from executor.config.account import rails_fields, rails_from
from executor.domain.strategy import AccountRails
from executor.errors import ConfigError

NONE_SET = {
    "max_order_quantity": None,
    "max_notional": None,
    "max_open": None,
    "max_trades": None,
    "max_daily_loss": None,
}


def test_an_account_has_no_limit_that_was_not_set():
    assert rails_fields(AccountRails()) == NONE_SET
    assert rails_from({}, account="paper") == AccountRails()


def test_limits_are_named_as_the_options_are():
    rails = rails_from({"max_order_quantity": 50, "max_daily_loss": "2500.50", "max_open": None}, account="paper")

    assert rails == AccountRails(max_order_quantity=50, max_daily_loss=Decimal("2500.5"))


_count = st.none() | st.integers(1, 10_000_000)
_rupees = st.none() | st.decimals(min_value="0.01", max_value="999999999", places=2)


@given(st.builds(AccountRails, _count, _rupees, _count, _count, _rupees))
def test_all_rails_come_back_the_same_through_json(rails):
    assert rails_from(json.loads(json.dumps(rails_fields(rails))), account="paper") == rails


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"max_open": 0}, "account paper: max_open is 0; give a whole number from 1"),
        ({"max_daily_loss": "-5"}, "max_daily_loss is '-5'; give rupees above zero"),
        ({"max_loss": 5}, "max_loss is no field"),
    ],
)
def test_what_is_no_limit_is_named(given, words):
    with pytest.raises(ConfigError) as caught:
        rails_from(given, account="paper")

    assert words in str(caught.value)
