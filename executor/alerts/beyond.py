"""What only a token could allow: fields by which an alert without one would widen what its strategy may do.

A token says of every field of its alert what it may hold. A sender that signs its messages says what it likes, so here
its strategy must allow by itself what no rail holds. Everything else (tickers, sizes, stops, product, hours) the desk
holds against the strategy's rails, as it does behind a token. What can only reduce passes: it opens nothing, whatever
it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import read_ask
from executor.domain.strategy import RollKind, Strategy
from executor.store.intake import only_reduces


def beyond(strategy: Strategy, fields: Mapping[str, Any]) -> Refusal | None:
    """Hold canonical fields that no token bounds against the strategy."""
    if only_reduces(read_ask(fields)):
        return None
    why = {
        "option": None if strategy.option else "the strategy has no option rule",
        "contract": None if strategy.roll.kind is RollKind.REFUSE else "the strategy's roll names the contract",
        "trade": None if strategy.rails.max_open else "the strategy does not limit its open positions",
    }
    for name, missing in why.items():
        if missing and name in fields:
            return Refusal(RefusalCode.BEYOND_STRATEGY, f"{name}: {missing}")
    return None
