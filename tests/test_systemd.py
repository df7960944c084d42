"""The units under docs/systemd name commands, settings and places that exist, and lock their service in."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

import click
import pytest

from executor.cli import main
from executor.config.environment import SETTINGS

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "systemd"
UNITS = sorted(FOLDER.iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service"]
EACH = pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
EACH_SERVICE = pytest.mark.parametrize("unit", SERVICES, ids=lambda path: path.name)

_HOME, _STATE, _BACKUPS = "/opt/executor", "/var/lib/executor", "/var/backups/executor"
_PROGRAM = f"{_HOME}/.venv/bin/executor"
_LOCKED = {
    "User": "executor",
    "NoNewPrivileges": "yes",
    "ProtectSystem": "strict",
    "ProtectHome": "yes",
    "CapabilityBoundingSet": "",
    "UMask": "0077",
    "StateDirectory": "executor",
    "StateDirectoryMode": "0700",
}


def read(unit: Path) -> ConfigParser:
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    return parser


@EACH_SERVICE
def test_the_commands_of_a_unit_exist(unit: Path) -> None:
    called = re.findall(rf"{_PROGRAM} ([a-z]+)(?: ([a-z]+)$)?", unit.read_text(), re.MULTILINE)

    assert called
    for word, inner in called:
        command = main.get_command(click.Context(main), word)
        assert command is not None
        assert not inner or (isinstance(command, click.Group) and inner in command.commands)


@EACH
def test_the_settings_of_a_unit_exist(unit: Path) -> None:
    named = re.findall(r"\b((?:EXECUTOR|SMARTAPI)_[A-Z_]+)=", unit.read_text())

    assert {name.removesuffix("_FILE") for name in named} <= set(SETTINGS)


@EACH
def test_the_places_of_a_unit_are_those_of_the_documents(unit: Path) -> None:
    told = (ROOT / "docs" / "operating.md").read_text()
    places = set(re.findall(r"(?:/opt|/var|/etc)/[\w./-]*\w", unit.read_text()))

    assert f"(systemd/{unit.name})" in told
    for place in places - {_PROGRAM, f"{_HOME}/.env", "/etc/systemd/system"}:
        inside = place.startswith(f"{_HOME}/") and (ROOT / place.removeprefix(f"{_HOME}/")).exists()
        assert inside or place in told, place


@EACH_SERVICE
def test_a_service_is_locked_in_and_may_write_to_its_state(unit: Path) -> None:
    service = read(unit)["Service"]

    assert {name: service.get(name) for name in _LOCKED} == _LOCKED
    assert service.get("ReadWritePaths", "") in {"", _BACKUPS}
    assert f"EXECUTOR_STATE_DIR={_STATE}" in unit.read_text()


@EACH_SERVICE
def test_what_trades_is_started_again_for_ever(unit: Path) -> None:
    parsed = read(unit)
    if parsed["Service"].get("Type") == "oneshot":
        return

    assert parsed["Service"]["Restart"] == "always"
    assert parsed["Unit"]["StartLimitIntervalSec"] == "0"
    assert parsed["Service"]["KillMode"] == "mixed"


def test_the_timer_starts_a_service_that_is_there() -> None:
    timers = [path for path in UNITS if path.suffix == ".timer"]

    assert timers
    assert all(path.with_suffix(".service") in SERVICES for path in timers)


@EACH
def test_systemd_itself_finds_nothing_wrong(unit: Path, tmp_path: Path) -> None:
    """Skipped where there is no systemd."""
    analyze = shutil.which("systemd-analyze")
    if analyze is None:
        pytest.skip("no systemd-analyze here")
    for path in UNITS:
        own = path.read_text().replace(_PROGRAM, str(Path(sys.executable).with_name("executor")))
        (tmp_path / path.name).write_text(own.replace(f"={_HOME}\n", f"={ROOT}\n"))

    done = subprocess.run([analyze, "verify", str(tmp_path / unit.name)], capture_output=True, text=True, timeout=30)

    assert [line for line in done.stderr.splitlines() if str(tmp_path) in line or unit.name in line] == []
    assert done.returncode == 0
