"""What a person orders, told by the exchange."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from executor.clock import ManualClock
from executor.domain.bracket import Bracket
from executor.domain.command import CommandState
from executor.domain.ids import Ids
from executor.domain.refusal import RefusalCode
from executor.domain.signal import Outcome
from executor.store.store import Store
from tests.house import House


def open_long(house: House) -> None:
    house.signal("buy", price="800")
    house.run(8)
    assert [row["status"] for row in house.orders()] == ["complete", "trigger pending", "open"]


def brackets(house: House) -> list[Bracket]:
    return list(house.book.rows.tables[Bracket].values())


def test_halt_refuses_entries_and_lets_exits_pass(house: House) -> None:
    open_long(house)

    command = house.command("halt")
    refused = house.signal("buy", price="800")
    leaving = house.signal("exit")
    house.run(10)

    assert command.state is CommandState.DONE
    assert (house.ended(refused).outcome, house.ended(refused).code) == (Outcome.REFUSED, RefusalCode.HALTED)
    assert house.ended(leaving).outcome is Outcome.FILLED
    assert house.net() == 0


def test_flatten_halts_cancels_and_leaves_everything(house: House) -> None:
    open_long(house)

    command = house.command("flatten")
    house.run(10)

    assert "1 of its positions" in (command.answer or "")
    assert house.net() == 0
    assert not [row for row in house.orders() if row["status"] in {"open", "trigger pending"}]
    refused = house.signal("buy", price="800")
    house.run(2)
    assert house.ended(refused).code is RefusalCode.HALTED


def test_kill_stops_exits_of_alerts_too_and_keeps_the_stop(house: House) -> None:
    open_long(house)

    house.command("kill")
    leaving = house.signal("exit")
    house.run(10)

    assert house.ended(leaving).code is RefusalCode.HALTED
    assert [row["status"] for row in house.orders()] == ["complete", "trigger pending", "open"]
    assert house.net() == 10


def test_kill_cancels_a_working_entry_and_protects_what_it_filled(house: House) -> None:
    house.price("805")  # above the entry's limit: it rests
    house.signal("buy", price="800")
    house.run(1)
    (entry,) = house.orders()
    house.control(f"order/{entry['orderid']}/fill", {"quantity": 4})

    house.command("kill")
    house.run(10)

    entry, *others = house.orders()
    assert (entry["status"], entry["filled"]) == ("cancelled", 4)
    assert [(row["type"], row["quantity"], row["status"]) for row in others] == [
        ("STOPLOSS_LIMIT", 4, "trigger pending")
    ]


def test_when_a_killed_position_is_stopped_out_its_target_goes(house: House) -> None:
    open_long(house)
    house.command("kill")

    house.price("791")
    house.run(8)

    assert [row["status"] for row in house.orders()] == ["complete", "complete", "cancelled"]
    assert house.net() == 0


def test_a_kill_outlives_a_restart_and_resume_sends_no_old_entry(house: House) -> None:
    house.command("kill")
    old = house.signal("buy", price="800")
    house.run(1)
    house.start()
    house.run(3)
    assert house.ended(old).code is RefusalCode.HALTED

    house.command("resume")
    house.run(10)
    assert house.orders() == []

    fresh = house.signal("buy", price="800")
    house.run(5)
    assert house.ended(fresh).outcome is Outcome.FILLED


def test_kill_everything_cancels_the_stops_as_well(house: House) -> None:
    open_long(house)

    house.command("kill", everything=True)
    house.run(8)

    assert [row["status"] for row in house.orders()] == ["complete", "cancelled", "cancelled"]
    assert house.net() == 10


def test_a_file_named_kill_does_the_same(sqlite_store: Store, clock: ManualClock, ids: Ids, tmp_path: Path) -> None:
    house = House(sqlite_store, clock, ids, kill_file=tmp_path / "KILL")
    house.price("800")
    house.run(3)
    (tmp_path / "KILL").touch()

    signal = house.signal("buy", price="800")
    house.run(3)
    assert house.ended(signal).code is RefusalCode.HALTED

    (tmp_path / "KILL").unlink()
    house.run(1)
    later = house.signal("buy", price="800")
    house.run(5)
    assert house.ended(later).outcome is Outcome.FILLED


def test_a_person_can_leave_one_strategy(house: House) -> None:
    open_long(house)

    command = house.command("exit", f"strategy:{house.strategy.name}")
    house.run(10)

    assert command.state is CommandState.DONE
    assert house.net() == 0


def test_leaving_what_is_not_held_is_refused_in_words(house: House) -> None:
    command = house.command("exit")

    assert (command.state, command.answer) == (CommandState.REFUSED, "nothing is held there")


def test_protect_moves_the_stop_and_the_target_at_the_broker(house: House) -> None:
    open_long(house)
    (bracket,) = brackets(house)

    command = house.command("protect", bracket=bracket.id, stop="796", target="830")
    house.run(5)

    _, stop, target = house.orders()
    assert command.state is CommandState.DONE
    assert (Decimal(stop["trigger"]), stop["quantity"]) == (796, 10)
    assert Decimal(target["price"]) == 830


def test_a_stop_that_would_trigger_at_once_is_refused(house: House) -> None:
    open_long(house)
    bracket = brackets(house)[0]

    off_tick = house.command("protect", bracket=bracket.id, stop="796.01")
    crossed = house.command("protect", bracket=bracket.id, stop="796", target="795")

    assert "tick" in (off_tick.answer or "")
    assert "beyond the target" in (crossed.answer or "")


def test_under_kill_a_target_shrinks_with_what_the_stop_has_sold(house: House) -> None:
    house.long()
    house.command("kill")

    (stop,) = house.working(type="STOPLOSS_LIMIT")
    house.fill(stop, 4)
    house.until(lambda: house.targeted() == 6, within=5)

    assert (house.stopped(), house.net()) == (6, 6)
