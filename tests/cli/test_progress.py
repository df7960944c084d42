"""Bars are for terminals: a pipe, a log and a cron mail see nothing of them."""

from __future__ import annotations

import os
import pty
from contextlib import redirect_stderr

import pytest

from executor.cli.progress import progress


def test_nothing_is_printed_where_nobody_looks(capsys: pytest.CaptureFixture[str]) -> None:
    with progress("rows written") as seen:
        seen(500, 0)

    assert capsys.readouterr() == ("", "")


def test_a_terminal_sees_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    ours, theirs = pty.openpty()

    with os.fdopen(theirs, "w") as terminal, redirect_stderr(terminal), progress("rows written") as seen:
        seen(1500, 3000)
    shown = os.read(ours, 65536).decode()
    os.close(ours)

    assert "rows written" in shown and "1,500" in shown
