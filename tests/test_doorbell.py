"""A doorbell carries nothing and promises nothing: ringing never fails and never waits."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Timer

import pytest

from executor.doorbell import EVERYBODY, DatagramBell, DatagramListener, bell_path


@contextmanager
def a_bell(state_dir: Path) -> Iterator[DatagramBell]:
    bell = DatagramBell(state_dir)
    yield bell
    bell._socket.close()


def waited(listener: DatagramListener, at_most_s: float) -> float:
    began = time.monotonic()
    listener.wait(at_most_s)
    return time.monotonic() - began


def test_a_ring_wakes_the_one_who_waits(tmp_path: Path) -> None:
    with closing(DatagramListener(tmp_path)) as listener, a_bell(tmp_path) as bell:
        Timer(0.05, bell.ring).start()

        assert waited(listener, 5) < 2


def test_a_ring_before_the_wait_is_not_lost(tmp_path: Path) -> None:
    with closing(DatagramListener(tmp_path)) as listener, a_bell(tmp_path) as bell:
        bell.ring()

        assert waited(listener, 5) < 2


def test_any_number_of_rings_is_one_wake_up(tmp_path: Path) -> None:
    with closing(DatagramListener(tmp_path)) as listener, a_bell(tmp_path) as bell:
        for _ in range(5):
            bell.ring()
        listener.wait(5)

        assert waited(listener, 0.1) >= 0.1


def test_who_waits_hears_for_whom_it_was_rung(tmp_path: Path) -> None:
    with closing(DatagramListener(tmp_path)) as listener, a_bell(tmp_path) as bell:
        for account in ("paper", "default", "paper"):
            bell.ring(account)
        named = listener.wait(5)
        bell.ring()

        assert (named, listener.wait(5), listener.wait(0)) == ({"paper", "default"}, {EVERYBODY}, set())


def test_without_a_ring_the_wait_ends_with_its_time(tmp_path: Path) -> None:
    with closing(DatagramListener(tmp_path)) as listener:
        assert 0.1 <= waited(listener, 0.1) < 2


def test_nobody_listening_is_no_error(tmp_path: Path) -> None:
    with a_bell(tmp_path) as bell, a_bell(tmp_path / "never" / "made") as lost:
        bell.ring()
        lost.ring()


def test_a_listener_that_died_is_no_error_and_the_next_one_hears(tmp_path: Path) -> None:
    dead = DatagramListener(tmp_path)
    with a_bell(tmp_path) as bell:
        dead._socket.close()  # a killed process leaves the file
        assert bell_path(tmp_path).exists()
        bell.ring()

        with closing(DatagramListener(tmp_path)) as listener:
            bell.ring()
            assert waited(listener, 5) < 2


def test_a_listener_that_does_not_look_never_blocks_the_ringer(tmp_path: Path) -> None:
    with closing(DatagramListener(tmp_path)) as listener, a_bell(tmp_path) as bell:
        began = time.monotonic()
        for _ in range(5_000):
            bell.ring()
        rung = time.monotonic() - began

        assert rung < 2
        listener.wait(5)
        assert waited(listener, 0.05) >= 0.05


def test_a_state_dir_too_deep_for_a_socket_gets_one_elsewhere(tmp_path: Path) -> None:
    deep, other = tmp_path / ("d" * 120), tmp_path / ("e" * 120)
    deep.mkdir()
    other.mkdir()

    with closing(DatagramListener(deep)) as listener, closing(DatagramListener(other)) as neighbour:
        with a_bell(deep) as bell:
            bell.ring()

        assert waited(listener, 5) < 2
        assert waited(neighbour, 0.05) >= 0.05


def test_a_name_that_is_not_text_is_a_name_like_any_other(tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\xff" * 90)
    odd.mkdir()

    with closing(DatagramListener(odd)) as listener, a_bell(odd) as bell:
        bell.ring()

        assert waited(listener, 5) < 2


def test_the_same_folder_named_differently_has_the_same_bell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "var").mkdir()

    assert bell_path(Path("var")) == bell_path(tmp_path / "var") == bell_path(tmp_path / "x" / ".." / "var")


def test_a_closed_listener_takes_its_file_away(tmp_path: Path) -> None:
    DatagramListener(tmp_path).close()

    assert not bell_path(tmp_path).exists()
