"""The command line as a whole: help everywhere, and every error of ours is one line and exit code 1."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from executor.cli import main

KEY = "0123456789abcdef0123456789abcdef"


def every_command(command: click.Command, *path: str) -> Iterator[tuple[str, ...]]:
    """The words of each command and group, however deep."""
    yield path
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from every_command(found, *path, name)


COMMANDS = list(every_command(main))


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No `.env` of the developer's, and a state dir of the test's."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EXECUTOR_STATE_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("SECRET_KEY", KEY)


def test_the_commands_of_this_version_are_all_there() -> None:
    names = {words[0] for words in COMMANDS if words}

    assert names >= {"alert", "audit", "db", "demo", "instruments", "password", "run", "simulator", "strategy"}
    assert names >= {"trader", "web"}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_a_help_that_says_what_it_does(words: tuple[str, ...]) -> None:
    shown = CliRunner().invoke(main, [*words, "--help"])

    assert shown.exit_code == 0
    assert shown.output.startswith("Usage: ")
    sentence = shown.output.split("\n\n")[1].strip()
    assert len(sentence) > 20
    assert not sentence.startswith("Options:")


@pytest.mark.parametrize(
    "words", [["nonsense"], ["db", "nonsense"], ["db", "upgrade", "--nonsense"], ["alert", "send"]]
)
def test_wrong_use_is_exit_code_two(words: list[str]) -> None:
    assert CliRunner().invoke(main, words).exit_code == 2


@pytest.mark.parametrize("words", [["run"], ["web"], ["trader"], ["db", "upgrade"], ["strategy", "list"]])
def test_a_wrong_setting_is_one_line_that_names_it(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXECUTOR_STAET_DIR", "typo")

    ended = CliRunner().invoke(main, words)

    assert ended.exit_code == 1
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert line.startswith("executor: ")
    assert "EXECUTOR_STAET_DIR" in line


def test_a_real_process_ends_the_same_way_without_a_traceback(tmp_path: Path) -> None:
    environ = {**os.environ, "PORT": "eighty"}

    words = [sys.executable, "-m", "executor", "web"]
    ended = subprocess.run(words, env=environ, cwd=tmp_path, capture_output=True, text=True, timeout=30)

    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    (line,) = ended.stderr.splitlines()
    assert "PORT" in line


def test_a_trader_before_the_first_upgrade_is_told_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMARTAPI_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("SMARTAPI_MASTER_URL", "http://127.0.0.1:9/master.json")
    for name, value in {"API_KEY": "k" * 8, "CLIENT_CODE": "S1", "PIN": "1234"}.items():
        monkeypatch.setenv(f"SMARTAPI_{name}", value)

    ended = CliRunner().invoke(main, ["trader"])

    assert ended.exit_code == 1
    assert "executor db upgrade" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_database_that_cannot_be_reached_is_one_line_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:secret-word@127.0.0.1:1/executor")

    ended = CliRunner().invoke(main, ["db", "upgrade"])

    assert (ended.exit_code, len(ended.stderr.splitlines())) == (1, 1)
    assert "secret-word" not in ended.stderr
    assert "start that Postgres, or correct DATABASE_URL" in ended.stderr


def test_another_key_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    CliRunner().invoke(main, ["db", "upgrade"])
    monkeypatch.setenv("SECRET_KEY", KEY[::-1])

    ended = CliRunner().invoke(main, ["db", "upgrade"])

    assert (ended.exit_code, len(ended.stderr.splitlines())) == (1, 1)
    assert KEY not in ended.stderr
    assert KEY[::-1] not in ended.stderr


def test_an_upgrade_can_be_repeated_and_tells_its_revision() -> None:
    first = CliRunner().invoke(main, ["db", "upgrade", "--json"])
    second = CliRunner().invoke(main, ["db", "upgrade", "--json"])

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert first.stdout == second.stdout
    assert '"revision"' in first.stdout


def test_a_state_dir_that_cannot_be_made_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EXECUTOR_STATE_DIR", str(tmp_path / "file" / "var"))

    ended = CliRunner().invoke(main, ["db", "upgrade"])

    assert (ended.exit_code, len(ended.stderr.splitlines())) == (1, 1)
    assert str(tmp_path / "file") in ended.stderr


@pytest.mark.parametrize(
    "words",
    [
        ["audit", "list"],
        ["strategy", "list", "--json"],
        ["positions"],
        ["account", "list"],
        ["doctor"],
        ["halt"],
        ["resume"],
        ["alert", "template", "trend"],
        ["password", "set", "--stdin"],
        ["api-token", "list"],
        ["instruments", "diff"],
        ["notify", "status"],
        ["backup", "copy.gz"],
        ["trader"],
    ],
    ids=" ".join,
)
def test_a_command_in_a_wrong_folder_makes_nothing_and_says_where_it_looked(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("SECRET_KEY", "EXECUTOR_STATE_DIR"):
        monkeypatch.delenv(name)

    ended = CliRunner().invoke(main, words, input="a long password of mine\n")

    assert ended.exit_code == 1
    told = " ".join(ended.output.split())
    assert f"there is no database {tmp_path}/var/executor.sqlite3: run the command in the folder of your .env" in told
    assert "Traceback" not in told
    assert list(tmp_path.iterdir()) == []


def test_a_message_is_sent_from_a_machine_that_has_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SECRET_KEY", "EXECUTOR_STATE_DIR"):
        monkeypatch.delenv(name)
    (tmp_path / "message.json").write_text('{"v": 1}')

    sent = CliRunner().invoke(main, ["alert", "send", "--url", "http://127.0.0.1:1/hook/a/b", "--body", "message.json"])

    assert "no answer" in sent.output
    assert [path.name for path in tmp_path.iterdir()] == ["message.json"]
