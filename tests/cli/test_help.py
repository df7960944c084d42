"""Help that teaches: every command is in a group, says what it does in a line, shows how, and fits a terminal."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from executor.cli import main
from executor.config.environment import Settings

#: What ends only when it is stopped, or prints nothing; and what prints JSON without being asked.
WITHOUT_JSON = {"run", "web", "trader", "password set", "account set-login", "audit export"}


def walk(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    if path:
        yield " ".join(path), command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from walk(found, (*path, name))


EVERY = dict(walk(main))
EACH = pytest.mark.parametrize("path", EVERY)


@EACH
def test_help_fits_a_terminal_of_80_columns(path: str) -> None:
    context = click.Context(EVERY[path], info_name=f"executor {path}", terminal_width=80)

    assert [line for line in EVERY[path].get_help(context).splitlines() if len(line) > 80] == []


@EACH
def test_help_of_a_group_tells_its_commands_in_whole_sentences(path: str) -> None:
    if isinstance(EVERY[path], click.Group):
        told = CliRunner().invoke(main, [*path.split(), "--help"], terminal_width=80).output
        assert "..." not in told.partition("Commands:")[2]


@pytest.mark.parametrize("path", ["", "strategy", "strategy add"])
def test_an_example_of_a_new_strategy_can_be_typed_as_it_stands(path: str, settings: Settings) -> None:
    told = CliRunner().invoke(main, [*path.split(), "--help"], terminal_width=80).output
    found = re.search(r"^ +executor (strategy add (?:.*\\\n)*.*)$", told, re.MULTILINE)
    assert found is not None
    words = [word for word in found[1].replace("\\\n", " ").split() if word != "\\"]

    done = CliRunner().invoke(main, words)

    assert done.exit_code == 0, done.output


def test_help_of_all_names_every_command_with_its_whole_first_sentence() -> None:
    told = CliRunner().invoke(main, ["--help"], terminal_width=80).output

    assert [path for path in EVERY if " " not in path and f"\n  {path} " not in told] == []
    assert "..." not in told.partition("\n")[2]


@EACH
def test_what_takes_words_or_holds_commands_shows_an_example(path: str) -> None:
    command = EVERY[path]
    takes = [param for param in command.params if isinstance(param, click.Argument)]
    if not takes and not (isinstance(command, click.Group) and len(command.commands) > 1):
        return

    assert any(line.startswith("    executor ") for line in inspect.cleandoc(command.help or "").splitlines())


@EACH
def test_every_list_and_result_can_be_had_as_json(path: str) -> None:
    command = EVERY[path]
    if isinstance(command, click.Group) or path in WITHOUT_JSON:
        return

    assert any("--json" in param.opts for param in command.params)


@EACH
def test_wrong_use_ends_with_2(path: str) -> None:
    assert CliRunner().invoke(main, [*path.split(), "--no-such-option"]).exit_code == 2
