"""One trader a host: the file lock is exclusive, and free as soon as its holder is gone."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from executor.errors import LeaseLost
from executor.trader.lease import lock_host


def test_the_second_is_refused_and_told_which_file_it_is(tmp_path: Path) -> None:
    with lock_host(tmp_path), pytest.raises(LeaseLost, match=r"trader\.lock"):
        lock_host(tmp_path)


def test_it_is_free_when_the_first_has_ended(tmp_path: Path) -> None:
    lock_host(tmp_path).close()

    lock_host(tmp_path).close()


def test_another_state_dir_has_a_lock_of_its_own(tmp_path: Path) -> None:
    with lock_host(tmp_path / "a"), lock_host(tmp_path / "b"):
        assert (tmp_path / "a" / "trader.lock").exists()


def test_it_names_its_holder_and_only_the_newest(tmp_path: Path) -> None:
    (tmp_path / "trader.lock").write_text("123456789\nolder\n")

    with lock_host(tmp_path):
        assert (tmp_path / "trader.lock").read_text() == f"{os.getpid()}\n"


def test_a_killed_holder_leaves_it_free_and_a_child_of_its_does_not_keep_it(tmp_path: Path) -> None:
    """The lock must not be inherited: gunicorn or a helper started by the trader may live on."""
    holder = (
        "import subprocess, sys, pathlib; from executor.trader.lease import lock_host\n"
        "held = lock_host(pathlib.Path(sys.argv[1]))\n"
        "child = subprocess.Popen(['sleep', '30'])\n"
        "print(child.pid, flush=True); child.wait()\n"
    )
    words = [sys.executable, "-c", holder, str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        with pytest.raises(LeaseLost):
            lock_host(tmp_path)

        process.kill()
        process.wait()
        lock_host(tmp_path).close()
        os.kill(child, 9)
