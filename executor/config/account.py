"""An account's rails as a person writes them: limits over all its strategies, each beside those of the strategy.

Invariant: `rails_from(rails_fields(rails), …) == rails`. They are named as the options of `executor account set` are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executor.config.amounts import count, plain, rupees
from executor.config.schema import Strict, checked
from executor.domain.strategy import AccountRails

#: Made once its login is set; until then it is an alias of the other, which is always there.
DEFAULT_ACCOUNT = "default"
PAPER_ACCOUNT = "paper"


def rails_from(given: Mapping[str, Any], *, account: str) -> AccountRails:
    """Read an account's rails; None, or not given, is no limit. Raises ConfigError."""
    said = {name: value for name, value in given.items() if value is not None}
    loaded = checked(_SCHEMA, said, f"account {account}")
    return AccountRails(**loaded)


def rails_fields(rails: AccountRails) -> dict[str, Any]:
    """Every rail as a JSON-able field; None where there is no limit."""
    return {
        "max_order_quantity": rails.max_order_quantity,
        "max_notional": None if rails.max_notional is None else plain(rails.max_notional),
        "max_open": rails.max_open,
        "max_trades": rails.max_trades,
        "max_daily_loss": None if rails.max_daily_loss is None else plain(rails.max_daily_loss),
    }


class _Rails(Strict):
    max_order_quantity = count()
    max_notional = rupees()
    max_open = count()
    max_trades = count()
    max_daily_loss = rupees()


_SCHEMA = _Rails()
