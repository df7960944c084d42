"""The supervisor: what dies is started again, what runs is left alone, all end together. Tiny children stand in."""

from __future__ import annotations

import errno
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from typing import Any

import pytest

from executor import supervise
from executor.clock import ManualClock, SystemClock

_DEAF = "signal.signal(signal.SIGTERM, signal.SIG_IGN); open(READY, 'w').close()"
CHILDREN = {
    "lives": "import signal; signal.pause()",
    "waits": "import signal; signal.pause()",
    "dies": "raise SystemExit(3)",
    "ends": "pass",
    "stubborn": f"import signal; {_DEAF}; signal.pause()",
}


class House:
    """A supervisor on a thread, with all the children that it ever started."""

    def __init__(self, ready: Path) -> None:
        self.started: list[tuple[str, subprocess.Popen[bytes]]] = []
        self.ready = ready
        self.stop = Flag()
        self.clock = SystemClock()
        self.code: list[int] = []
        self._thread: Thread | None = None

    def start_child(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        script = CHILDREN[command[0]].replace("READY", repr(str(self.ready)))
        process = subprocess.Popen([sys.executable, "-S", "-c", script])
        self.started.append((command[0], process))
        return process

    def run(self, *names: str) -> None:
        commands = [(name,) for name in names]
        self._thread = Thread(
            target=lambda: self.code.append(supervise.run_all(commands, stop=self.stop, clock=self.clock))
        )
        self._thread.start()

    def end(self) -> None:
        self.stop.set()
        if self._thread is not None:
            self._thread.join(10)
            assert not self._thread.is_alive()

    def of(self, name: str) -> list[subprocess.Popen[bytes]]:
        return [process for found, process in self.started if found == name]


def eventually(holds: Callable[[], Any]) -> None:
    deadline = time.monotonic() + 8
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


@pytest.fixture
def house(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "ready")
    monkeypatch.setattr(supervise, "start", made.start_child)
    monkeypatch.setattr(supervise, "_POLL_S", 0.01)
    monkeypatch.setattr(supervise, "_AGAIN_S", 0.02)
    monkeypatch.setattr(supervise, "_AGAIN_MOST_S", 0.08)
    monkeypatch.setattr(supervise, "_GRACE_S", 0.3)
    yield made
    made.end()
    for _, process in made.started:
        process.kill()
        process.wait()


def test_a_child_that_dies_is_started_again_and_the_other_is_left_alone(house: House) -> None:
    house.run("lives", "dies")

    eventually(lambda: len(house.of("dies")) >= 3)

    assert [process.poll() for process in house.of("lives")] == [None]


def test_the_first_start_waits_for_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervise, "_POLL_S", 60.0)

    house.run("lives", "waits")

    eventually(lambda: [name for name, _ in house.started] == ["lives", "waits"])


def test_a_child_that_is_killed_is_started_again(house: House) -> None:
    house.run("lives")
    eventually(lambda: house.started)

    house.started[0][1].kill()
    eventually(lambda: len(house.started) == 2)

    assert house.started[1][1].poll() is None


def test_the_pause_before_a_restart_grows_up_to_a_bound_and_a_long_life_makes_it_short_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = ManualClock(datetime(2026, 11, 25, 9, 20, tzinfo=UTC))
    monkeypatch.setattr(supervise, "_AGAIN_S", 1.0)
    monkeypatch.setattr(supervise, "_AGAIN_MOST_S", 4.0)
    monkeypatch.setattr(supervise, "start", house.start_child)
    child = supervise._Child(("dies",), clock)
    pauses = []

    for lived in (0, 0, 0, 0, 60, 0):
        child.tend()
        assert child.process is not None
        child.process.wait(10)
        clock.advance(lived)
        died = clock.monotonic()
        while not child.process or child.process.returncode is not None:
            child.tend()
            clock.advance(0.5)
        pauses.append(clock.monotonic() - 0.5 - died)

    assert pauses == [1.0, 2.0, 4.0, 4.0, 1.0, 2.0]


def test_a_child_that_cannot_be_started_now_is_started_later_and_the_other_is_left_alone(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine has no memory for one more process: just then a trader may have been ended for it."""
    refusals = iter([True, True])

    def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
        if command[0] == "waits" and next(refusals, False):
            raise OSError(errno.ENOMEM, "Cannot allocate memory")
        return house.start_child(command)

    monkeypatch.setattr(supervise, "start", start)
    house.run("lives", "waits")

    eventually(lambda: house.of("waits"))

    assert [process.poll() for process in house.of("lives") + house.of("waits")] == [None, None]


def test_a_stop_ends_all_with_sigterm_and_starts_none_again(house: House) -> None:
    house.run("lives", "waits", "dies")
    eventually(lambda: len(house.of("dies")) >= 2)

    house.end()
    started = len(house.started)

    assert house.code == [0]
    assert [process.returncode for process in house.of("lives") + house.of("waits")] == [-15, -15]
    assert all(process.returncode is not None for _, process in house.started)
    assert len(house.started) == started


def test_a_child_that_does_not_want_to_end_is_killed_after_a_while(house: House) -> None:
    house.run("stubborn")
    eventually(house.ready.exists)

    house.end()

    assert [process.returncode for process in house.of("stubborn")] == [-9]


def test_the_pause_before_a_restart_ends_at_once_when_it_is_told_to_stop(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervise, "_AGAIN_S", 60.0)
    house.run("dies")
    eventually(lambda: house.started and house.started[0][1].poll() is not None)

    house.end()

    assert len(house.started) == 1


def test_the_commands_are_those_of_this_installation() -> None:
    process = supervise.start(["--version"])

    assert process.wait(20) == 0
    assert isinstance(process.args, list)
    assert process.args[:3] == [sys.executable, "-m", "executor"]


@pytest.mark.parametrize(("name", "did"), [("ends", True), ("dies", False)])
def test_what_is_run_once_says_whether_it_did_what_it_was_to_do(house: House, name: str, *, did: bool) -> None:
    assert supervise.run_once((name,), stop=house.stop) is did


def test_what_is_run_once_ends_when_we_are_told_to_stop(house: House) -> None:
    house.stop.set()

    assert not supervise.run_once(("lives",), stop=house.stop)
    assert house.of("lives")[0].poll() is not None
