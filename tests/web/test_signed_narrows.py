"""An alert narrows what its strategy may do, whoever signed it: what becomes of one that asks for more."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from executor.alerts.address import standard_webhook_secret
from executor.domain.option import OptionRule, OptionType
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome, Signal
from executor.web.authenticity import Floods
from executor.web.parts import WebParts
from tests.alerts.sending import KEYS, STRATEGY
from tests.house import House
from tests.web.conftest import Bell, Web
from tests.web.signing import Sender, fields, saved, told


@pytest.fixture
def sender(web: Web) -> Sender:
    return Sender(web)


@pytest.fixture
def trading(house: House) -> Sender:
    """A sender whose alerts a trader carries out, behind a strategy of at most 100 units and a stop of 1 %."""
    bell = Bell(house.store)
    parts = WebParts(
        store=house.store, keys=KEYS, clock=house.clock, new_id=house.ids.new, doorbell=bell, floods=Floods("web-1")
    )
    return Sender(Web(parts, bell, house.clock, house.store, b""), standard_webhook_secret(KEYS, house.strategy))


def ended(house: House, sender: Sender, **more: Any) -> Signal:
    now = house.clock.now().isoformat()
    answer = sender.post(fields(price=800, fired_at=now, **more), id=house.ids.new())
    assert answer.status_code == 202 and answer.json is not None
    house.run(8)
    return house.ended(answer.json["signal"])


@pytest.mark.parametrize(("more", "code"), [
    ({"size": {"quantity": 101}}, RefusalCode.SIZE_OVER_LIMIT),
    ({"size": {"notional": 1_000_000}}, RefusalCode.SIZE_OVER_LIMIT),
    ({"exchange": "BSE"}, RefusalCode.TICKER_NOT_ALLOWED),
    ({"order": {"product": "delivery"}}, RefusalCode.OUTSIDE_BOUNDS),
    ({"action": "sell"}, RefusalCode.NOTHING_HELD),
    ({"action": "exit"}, RefusalCode.NOTHING_HELD),
])  # fmt: skip
def test_the_desk_refuses_what_the_strategy_does_not_allow(house: House, trading: Sender, more, code: RefusalCode):
    signal = ended(house, trading, **more)

    assert signal.code is code
    assert house.state()["orders"] == []


@pytest.mark.parametrize(("asked", "trigger"), [("50", "792"), ("0.5", "796")])
def test_a_looser_stop_loses_to_the_strategys_and_a_nearer_one_counts(
    house: House, trading: Sender, asked: str, trigger: str
):
    signal = ended(house, trading, size={"quantity": 7}, stop_loss={"percent": asked})

    [stop] = [row for row in house.working() if row["status"] == "trigger pending"]
    assert signal.outcome is Outcome.FILLED
    assert (stop["quantity"], Decimal(stop["trigger"])) == (7, Decimal(trigger))


@pytest.mark.parametrize(("more", "says"), [
    ({"option": {"type": "CE", "strike": "ATM", "expiry": "nearest"}}, "option"),
    ({"contract": "NSE:NIFTYZ2026"}, "contract"),
    ({"trade": "second"}, "trade"),
])  # fmt: skip
def test_what_only_a_token_could_allow_is_422(web: Web, sender: Sender, more: dict[str, Any], says: str):
    entry = sender.post(fields(**more))
    exit_ = sender.post(fields(**{**more, "action": "exit"}), id="msg_2")

    assert told(entry) == (422, "beyond_strategy") and f"{says}: " in entry.text
    assert exit_.status_code == 202
    assert web.rows("delivery")[0].layers["bounds"] == "failed: beyond_strategy"


def test_an_option_rule_passes_where_the_strategy_has_one(web: Web, sender: Sender):
    saved(web, replace(STRATEGY, version=2, option=OptionRule(OptionType.CE, "ATM", "nearest")))

    answer = sender.post(fields(option={"type": "CE", "strike": "OTM1", "expiry": "nearest"}))

    assert answer.status_code == 202
