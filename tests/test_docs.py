"""The documents say what is there: files, functions, commands, settings and dependencies that they name exist."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

import click
import pytest

from executor.cli import main
from executor.cli.account import account
from executor.config.environment import SETTINGS
from executor.config.strategy_settings import GROUPS
from executor.domain.refusal import WORDS
from tests import refusals

ROOT = Path(__file__).resolve().parents[1]
DOCUMENTS = sorted([ROOT / "README.md", *ROOT.glob("docs/*.md"), *ROOT.glob("alert_templates/*.md")])
READERS = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)

#: `desk/want/pair.py: protection_needs` or `trader/loop.py: Loop.handle`
_PLACE = re.compile(r"`((?:[\w-]+/)*[\w-]+\.py)(?:: ([\w.]+))?")
_COMMAND = re.compile(r"(?:^|[\s`/])executor ((?:[a-z-]+ ?)+)", re.MULTILINE)
_SETTING = re.compile(r"\b((?:EXECUTOR|SMARTAPI)_[A-Z_]+[A-Z])\b")


@READERS
def test_files_and_functions_that_a_document_names_exist(document: Path) -> None:
    named = _PLACE.findall(document.read_text())

    assert [place for place in named if not _exists(*place)] == []


@READERS
def test_commands_that_a_document_names_exist(document: Path) -> None:
    told = [words.split() for words in _COMMAND.findall(document.read_text())]

    assert [words for words in told if not _is_command(words)] == []


@READERS
def test_settings_that_a_document_names_exist(document: Path) -> None:
    assert set(_SETTING.findall(document.read_text())) <= set(SETTINGS)


def test_every_core_dependency_has_its_line() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    names = [re.split(r"[<>=\[]", wanted)[0] for wanted in project["dependencies"]]

    text = (ROOT / "docs" / "dependencies.md").read_text()

    assert [name for name in names if f"| {name}" not in text] == []


def test_the_page_of_refusals_is_written_from_the_one_list() -> None:
    assert refusals.PAGE.read_text(encoding="utf-8") == refusals.page(), "write it anew: make refusals"


def test_options_that_a_remedy_names_exist() -> None:
    known = {setting.option for group in GROUPS.values() for setting in group}
    known |= {option for param in account.commands["set"].params for option in param.opts}
    known |= {"--strategy", "--account", "--style", "--set"}  # of resume and alert template
    known |= {"--end-overlap"}  # of strategy rotate

    named = {option for words in WORDS.values() for option in re.findall(r"--[a-z-]+[a-z]", words.remedy)}

    assert named <= known


def _exists(file: str, name: str) -> bool:
    """Whether a file (below executor/ or the root) is there and defines a function, class or method of this name."""
    found = [path for path in (ROOT / "executor" / file, ROOT / file) if path.exists()]
    if not found or not name:
        return bool(found)
    body: list[ast.stmt] = ast.parse(found[0].read_text()).body
    for part in name.split("."):
        match = [n for n in body if isinstance(n, ast.FunctionDef | ast.ClassDef) and n.name == part]
        if not match:
            return False
        body = match[0].body
    return True


def _is_command(words: list[str]) -> bool:
    """Whether the words begin with a command; what follows it are its arguments."""
    command: click.Command | None = main
    context = click.Context(main)
    for word in words:
        if not isinstance(command, click.Group):
            return True
        command = command.get_command(context, word)
        if command is None:
            return False
    return True
