"""Bars are for terminals: a pipe, a log and a cron mail see nothing of them."""

from __future__ import annotations

import os
import pty
from contextlib import redirect_stderr, suppress

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

    shown = _all_of(ours)
    assert "rows written" in shown and "1,500" in shown


def _all_of(terminal: int) -> str:
    """What was written to a terminal that is closed by now: it comes in pieces, and ends with an error."""
    shown = b""
    with suppress(OSError):
        while piece := os.read(terminal, 65536):
            shown += piece
    os.close(terminal)
    return shown.decode()
