"""Each kind of notice arrives at a Telegram-like, an SMTP and a webhook server, from what a real trader did."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from executor.clock import ManualClock
from executor.domain.calendar import trading_day
from executor.domain.command import CommandKind
from executor.domain.delivery import Verdict
from executor.domain.ids import Ids
from executor.domain.record import Halt, HaltKind
from executor.domain.refusal import RefusalCode
from executor.domain.strategy import Account, AccountKind, AccountRails
from executor.notify.message import NoticeKind
from executor.store.accounts import REHEARSAL, Accounts
from tests.builders import a_call_row, a_delivery
from tests.house import House, rails
from tests.notify.conftest import Town

WHO = "[SIMULATOR default]"


def test_filled_is_told_with_the_stop_behind_it(house: House, town: Town):
    house.long()
    town.hear()

    (text,) = town.told("FILLED")
    stop = house.orders(type="STOPLOSS_LIMIT")[0]["orderid"]
    assert text.startswith(f"{WHO} FILLED: trend buy NSE:SBIN: 10 filled at 800.00; stop {stop} at 792 for 10")
    assert "https://executor.example.com/signals/" in text


def test_an_exit_says_that_the_position_is_closed(house: House, town: Town):
    house.long()
    house.signal("exit")
    house.run(8)
    town.hear()

    assert [text.partition("\n")[0] for text in town.told("closed")] == [
        f"{WHO} FILLED: trend exit NSE:SBIN: 10 left; the position is closed"
    ]


def test_refused_is_told_with_its_sentence(house: House, town: Town):
    house.signal("buy", price="800", ticker="NOBODY")
    house.run(1)
    town.hear()

    (text,) = town.told("REFUSED")
    assert text.startswith(f"{WHO} REFUSED: trend buy NSE:NOBODY: ")
    assert "NOBODY" in text.split(": ", 3)[-1]


def test_rejected_is_told_in_the_brokers_own_words(house: House, town: Town):
    words = "RMS:Margin Exceeds,Required:8000, Available:3.20 for entity"
    house.fault("placeOrder", "reject", text=words)
    house.signal("buy", price="800")
    house.run(8)
    town.hear()

    (text,) = town.told("REJECTED")
    assert text.startswith(f"{WHO} REJECTED: trend buy NSE:SBIN: {words}\n")


def test_an_entry_that_was_not_filled_is_told(house: House, town: Town):
    house.signal("buy", price="800", interval="1", order={"type": "limit", "limit": "780"})
    house.run(75)
    town.hear()

    (text,) = town.told("NOT FILLED")
    assert text.startswith(f"{WHO} NOT FILLED: trend buy NSE:SBIN: ")


def test_unprotected_and_the_exit_that_it_forces_are_told(house: House, town: Town):
    house.fault("placeOrder", "drop", times=99, match={"ordertype": "STOPLOSS_LIMIT"})
    house.signal("buy", price="800")
    house.run(3)
    town.hear()
    house.run(45)
    town.hear()

    (filled,) = town.told("FILLED")
    assert "10 filled at 800.00; its stop is NOT yet confirmed at the broker\n" in filled
    assert town.told("UNPROTECTED") == [f"{WHO} UNPROTECTED: SBIN-EQ: 10 held, no working stop for 15 s"]
    assert town.told("ALARM: forced exit")[0].startswith(f"{WHO} ALARM: forced exit, SBIN-EQ: no stop was working for ")


@pytest.mark.parametrize(
    ("kind", "word"), [(CommandKind.HALT, "HALTED"), (CommandKind.KILL, "KILLED"), (CommandKind.FLATTEN, "HALTED")]
)
def test_halts_and_their_end_are_told(kind: CommandKind, word: str, house: House, town: Town):
    house.command(kind)
    town.hear()
    house.command("resume")
    town.hear()

    assert town.told(word) == [f"{WHO} {word}: everything: test (by trader)"]
    assert town.told("RESUMED") == [f"{WHO} RESUMED: everything: ended by trader"]


def test_a_halt_of_the_traders_own_is_told_once(house: House, town: Town, clock: ManualClock):
    why = "3 logins within ten minutes: wrong PIN"
    house.store.ledger.set_halt(Halt("account:default", HaltKind.HALT, clock.now(), why, "trader"), at=clock.now())
    town.hear()

    assert town.told("HALTED") == [f"{WHO} HALTED: account default: {why} (by trader)"]


def test_the_loss_limit_is_told_once_with_what_was_lost(house: House, town: Town):
    strategy = replace(house.strategy, rails=rails(max_daily_loss=Decimal(50)), version=2)
    house.store.people.save_strategy(strategy, by="test", at=house.clock.now())
    house.strategy = strategy
    house.long()
    house.price("793")
    house.run(6)
    town.hear(12)

    (text,) = [text for text in town.told("LOSS LIMIT")]
    assert text.startswith(f"{WHO} LOSS LIMIT: strategy trend: lost ") and "allowed 50" in text


def test_a_missed_signal_is_told(house: House, town: Town):
    flat, long = ("flat", "0"), ("long", "10")
    for prev, now in ((long, flat), (long, ("long", "20"))):
        position = {"prev": prev[0], "prev_size": prev[1], "now": now[0], "now_size": now[1]}
        house.signal("sell" if now == flat else "buy", price="800", position=position)
        house.run(3)
    town.hear()

    (text,) = town.told("MISSED SIGNAL")
    assert text.startswith(f"{WHO} MISSED SIGNAL: trend NSE:SBIN: an alert is missing; ")


def test_an_alert_that_was_no_valid_one_is_told(house: House, town: Town, clock: ManualClock, ids: Ids):
    refused = a_delivery(id=ids.new(), verdict=Verdict.REFUSED, code=RefusalCode.TOKEN_EXPIRED, received_at=clock.now())
    house.store.intake.record_delivery(refused, None)
    town.hear()

    (text,) = town.told("REFUSED")
    assert text.startswith(f"{WHO} REFUSED: alert for trend: ")


def test_a_login_that_the_broker_refused_is_told(house: House, town: Town, clock: ManualClock, ids: Ids):
    call = a_call_row(id=ids.new(), account="default", intent=None)
    lease = house.store.ledger.lease("default")
    assert lease is not None
    house.store.ledger.record_calls("default", lease.epoch, [call], say="login refused: Invalid totp", at=clock.now())
    town.hear()

    assert town.told("LOGIN REFUSED") == [f"{WHO} LOGIN REFUSED: login refused: Invalid totp"]


def test_ready_is_told_once_a_day_with_what_is_known(house: House, town: Town, clock: ManualClock):
    stand(house, reconciled=True)
    house.store.loads.switch_master("0" * 13, {"rows": 183_021}, at=clock.now() - timedelta(minutes=20))
    town.hear(8)
    for _ in range(3):
        stand(house, reconciled=True)
        town.hear()
    town.again()
    town.hear()

    assert town.told("READY") == [
        f"{WHO} READY: session open, books read, instruments of 25 Nov 09:00 (183,021 rows), BSX1! is X"
    ]


def test_an_account_that_is_not_ready_in_the_session_is_told_and_its_return(house: House, town: Town):
    for _ in range(130):
        stand(house, reconciled=False)
        town.hear(1)
    for _ in range(8):
        stand(house, reconciled=True)
        town.hear(1)

    assert town.told("NOT READY") == [f"{WHO} NOT READY: no session with the broker; entries wait"]
    assert len(town.told("session open, books read")) == 1


def test_the_day_report_tells_signals_profit_positions_and_the_head(house: House, town: Town, clock: ManualClock):
    house.long()
    house.signal("exit")
    house.run(8)
    house.long()
    clock.set(clock.now().replace(hour=15, minute=44, second=50))
    town.hear(8)
    before = town.told("DAY REPORT")
    town.hear(20)

    (text,) = town.told("DAY REPORT")
    head = house.store.pages.head()
    assert before == []
    assert text.startswith(f"{WHO} DAY REPORT: Wednesday 25 November 2026")
    assert f"{WHO} signals: 3 filled" in text
    assert "trend: gross " in text
    assert "held: 10 SBIN-EQ (trend, BUY); stop " in text
    assert f"audit head {head.seq}:{head.hash}" in text


def test_accounts_of_all_kinds_are_named_where_all_are_meant(house: House, town: Town, clock: ManualClock, ids: Ids):
    for name, kind in (("real", AccountKind.LIVE), ("paper", AccountKind.PAPER)):
        house.store.people.add_account(Account(name, kind), by="test", at=clock.now(), new_id=ids.new)
    town.hear(8)
    house.command("kill")
    town.hear()

    assert town.told("KILLED")[0].startswith("[SIMULATOR default, PAPER paper, LIVE real] KILLED: everything")
    assert town.told("a live account")[0].startswith("[LIVE real] HALTED: account real: a live account starts halted")


def test_the_end_of_a_live_accounts_first_halt_is_told_as_what_it_is(
    house: House, town: Town, clock: ManualClock, ids: Ids
):
    store, now, real = house.store, clock.now(), Account("real", AccountKind.LIVE)
    store.people.add_account(real, by="test", at=now, new_id=ids.new)
    store.people.change_rails(
        "real", lambda _: AccountRails(max_daily_loss=Decimal(1), max_notional=Decimal(9)), by="test", at=now
    )
    epoch = store.ledger.take_lease("real", "one", at=now, follows=None)
    store.ledger.finish_job("real", epoch, REHEARSAL, trading_day(now), at=now)
    [known] = [one for one in store.people.accounts() if one.name == "real"]
    Accounts(store.database).unhalt(known, by="api:bot", at=now, why="rehearsed")
    town.hear(8)

    [told] = town.told("RESUMED")
    assert told.startswith("[LIVE real] RESUMED: account real: the first halt ended by api:bot")


def test_halts_that_no_row_stands_for_are_told_once(house: House, town: Town):
    since = "2026-11-25T03:50:00+00:00"
    halt = {"kind": "KILL", "scope": "ALL", "since": since, "why": "the file KILL lies there", "by": "file"}
    for _ in range(12):
        stand(house, reconciled=True, halts=[halt])
        town.hear(1)
    town.again()
    town.hear(8)

    assert town.told("KILLED") == [f"{WHO} KILLED: everything: the file KILL lies there (by file)"]


def test_no_kind_is_left_out_here():
    """What `executor notify test` sends is received in tests/process/test_notices.py."""
    here = Path(__file__).read_text()

    assert [kind for kind in NoticeKind if kind is not NoticeKind.TEST and f'told("{kind.upper()}' not in here] == []


def stand(house: House, *, reconciled: bool, **more: object) -> None:
    """What the trader's beat says."""
    lease = house.store.ledger.lease("default")
    assert lease is not None
    status = {"session": reconciled, "reconciled": reconciled, **more}
    house.store.ledger.beat("default", lease.epoch, at=house.clock.now(), status=status)
