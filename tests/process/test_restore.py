"""The power-cut drill: a backup while all goes on, everything lost, a restore on another disk, a start."""

from __future__ import annotations

import gzip
import json
import re
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from executor import bootstrap
from executor.config.environment import open_settings
from executor.store.notices import Notices
from tests.process.conftest import Town, eventually, kill
from tests.process.test_whole_life import a_strategy

pytestmark = pytest.mark.process


def a_position(town: Town) -> None:
    """A long of 10 with its stop and target resting."""
    town.signal()
    eventually(lambda: town.stopped() == 10 and len(town.working()) == 2 and town.all_ended(1))


def lose_everything(town: Town, folder: Path, *, but: Path) -> Town:
    """A power cut and a dead disk, then a new machine: the same settings, an empty state dir.

    Nothing of the old state dir is left but the backup, which somebody had taken away, and the exchange's clock.
    """
    for process in town.processes:
        kill(process)
    town.store.database.close()
    for path in town.state_dir.iterdir():
        if path not in {but, Path(town.environ["EXECUTOR_CLOCK_FILE"])}:
            path.unlink()
    folder.mkdir()
    own = {"EXECUTOR_STATE_DIR": str(folder), "DATABASE_URL": f"sqlite:///{folder / 'executor.sqlite3'}"}
    return replace(town, environ={**town.environ, **own}, state_dir=folder, processes=town.processes)


def restored(town: Town, backup: Path) -> None:
    """Restore, and start; until its trader has compared the account with the broker."""
    town.command("restore", str(backup))
    town.store = bootstrap.open_store(open_settings(town.environ))
    town.trader()
    eventually(lambda: reconciled(town))


def reconciled(town: Town) -> bool:
    beats = {account.name: beat for account, beat in town.store.pages.standing().accounts}
    beat = beats["default"]
    return beat is not None and beat.holder != "" and beat.status.get("reconciled") is True


def test_after_a_power_cut_the_position_is_found_again_halted_and_proved(sqlite_town: Town, tmp_path: Path) -> None:
    town, backup = sqlite_town, tmp_path / "copy.gz"
    town.trader()
    a_position(town)
    told = json.loads(town.command("backup", str(backup), "--json"))
    before = town.orders()

    town = lose_everything(town, tmp_path / "new", but=backup)
    restored(town, backup)
    refused = town.signal()
    eventually(lambda: town.all_ended(2))

    assert [(halt.scope, halt.by) for halt in town.store.pages.standing().halts] == [("ALL", "restore")]
    (position,) = town.store.pages.positions()
    assert (position.holding.held, position.stopped, position.is_protected) == (10, 10, True)
    assert (town.found(refused).outcome, town.found(refused).code) == ("REFUSED", "halted")
    assert town.orders() == before
    head = told["head"]
    town.command("audit", "verify", "--head", head)
    town.store.database.close()


def test_the_key_that_lay_in_the_state_dir_is_asked_for(sqlite_town: Town, tmp_path: Path) -> None:
    """The drill as a person does it: web and trader under one supervisor, and only what commands tell."""
    town, backup = sqlite_town, tmp_path / "copy.gz"
    key = town.environ.pop("SECRET_KEY")
    lay_key(town.state_dir, key)
    town.start("executor", "run")
    a_position(town)
    town.command("backup", str(backup))

    town = lose_everything(town, tmp_path / "new", but=backup)
    refused = town.command("restore", str(backup), code=1)
    assert not (town.state_dir / "secret_key").exists()  # a refused restore leaves no other key where this one belongs
    lay_key(town.state_dir, key)
    town.command("restore", str(backup))
    town.start("executor", "run")
    eventually(lambda: town.get("/readyz") == 200)
    position = json.loads(town.command("positions", "--json"))
    halted = json.loads(town.command("halt", "--account", "default", "--json"))["halts"]

    assert "another SECRET_KEY" in refused and str(town.state_dir / "secret_key") in refused
    assert (position["held"], position["protected"]) == (10, True)
    assert ("ALL", "restore") in {(halt["scope"], halt["by"]) for halt in halted}
    town.command("audit", "verify")


def lay_key(state_dir: Path, key: str) -> None:
    (state_dir / "secret_key").write_text(key)
    (state_dir / "secret_key").chmod(0o600)


def test_what_was_sold_after_the_backup_is_not_sold_again(sqlite_town: Town, tmp_path: Path) -> None:
    town, backup = sqlite_town, tmp_path / "copy.gz"
    town.trader()
    a_position(town)
    town.command("backup", str(backup))
    tags = {order["tag"] for order in town.orders()}
    town.signal("exit")
    eventually(lambda: town.held() == 0 and town.all_ended(2))
    sold = [order for order in town.orders() if order["side"] == "SELL"]

    town = lose_everything(town, tmp_path / "new", but=backup)
    restored(town, backup)
    eventually(lambda: not town.store.pages.positions())
    town.command("resume")
    town.signal(price="800")
    eventually(lambda: town.stopped() == 10)

    assert town.held() == 10
    assert [order for order in town.orders() if order["side"] == "SELL"][: len(sold)] == sold
    new = town.orders()[len(tags) :]
    assert not {order["tag"] for order in new} & tags
    town.command("audit", "verify")
    town.store.database.close()


def test_what_was_entered_after_the_backup_keeps_its_stop_and_a_person_is_told(
    sqlite_town: Town, tmp_path: Path
) -> None:
    town, backup = sqlite_town, tmp_path / "copy.gz"
    town.trader()
    eventually(lambda: reconciled(town))
    town.command("backup", str(backup))
    a_position(town)
    before = town.orders()

    town = lose_everything(town, tmp_path / "new", but=backup)
    restored(town, backup)
    told = eventually(lambda: [note for note in alarms(town) if note[0] == "foreign"])
    town.command("resume")
    town.clock.set(town.now() + timedelta(seconds=30))

    assert len(told) == 3  # entry, stop and target are ours by their tags, and nothing of ours stands behind them
    eventually(lambda: reconciled(town))
    assert (town.orders(), town.stopped(), town.held()) == (before, 10, 10)
    assert town.store.pages.positions() == []
    town.store.database.close()


def alarms(town: Town) -> list[tuple[str, str]]:
    notices = Notices(town.store.database)
    found, _ = notices.heard(0, town.store.pages.head().seq, limit=100)
    return [(one.kind, one.say) for one in found if one.alarm]


def test_no_secret_lies_open_in_a_backup(sqlite_town: Town, tmp_path: Path) -> None:
    """After a login, a signed alert over HTTP, a trade and a password."""
    town, backup = sqlite_town, tmp_path / "copy.gz"
    alert = a_strategy(town)
    password = "correct horse battery staple"
    line = [sys.executable, "-m", "executor", "password", "set", "--stdin"]
    subprocess.run(line, env=town.environ, input=password, text=True, check=True, capture_output=True, timeout=30)
    town.web()
    town.trader()
    eventually(lambda: town.get("/readyz") == 200)
    assert alert.post(alert.values(town))[0] == 202
    eventually(lambda: town.stopped() == 10)
    town.command("backup", str(backup))

    everything = gzip.decompress(backup.read_bytes()).decode()
    environ = town.environ
    secrets = {
        "hook secret": alert.url.rpartition("/")[2],
        "alert token": json.loads(alert.body.read_text())["token"],
        "password": password,
        **{name: environ[name] for name in ("SECRET_KEY", "SMARTAPI_API_KEY", "SMARTAPI_TOTP_SECRET")},
    }

    assert [name for name, secret in secrets.items() if secret in everything] == []
    assert re.findall(rf"(?<![0-9a-z]){environ['SMARTAPI_PIN']}(?![0-9a-z])", everything) == []
    assert re.findall(r"eyJ[\w-]{8,}\.[\w-]+", everything) == []
    assert '"table":"session"' in everything and "gAAAA" in everything  # its tokens are there, sealed
