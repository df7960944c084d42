"""After a full demo no secret lies open in anything that stays: files, database, logs, exports, pages, backup, notices.

Not searched: the file secret_key, whose purpose is to hold one, and the messages for TradingView, which are laid beside
the state dir and hold the token that they must.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from executor import bootstrap
from executor.cli.demo import run
from executor.config.environment import open_settings
from executor.config.secrets import unseal
from executor.demo.stage import Stage, free_port, json_lines
from executor.simulator.config import credentials
from executor.store import schema
from tests.notify import servers
from tests.process.conftest import eventually
from tests.process.leftovers import files_below, find, forms
from tests.process.reader import Reader

SEED = 5
SECRET = "pA7/+x d-4711é"


@dataclass
class ToldStage(Stage):
    """A demo that tells of itself, at addresses that hold secrets too."""

    notify: str = ""

    def _start_simulator(self) -> dict[str, str]:
        return super()._start_simulator() | {"EXECUTOR_NOTIFY_URLS": self.notify}


def misuse(stage: Stage, alert: Mapping[str, str]) -> None:
    """What people and senders do wrong: secrets at places where they do not belong."""
    path, token = alert["url"].removeprefix(stage.url), json.loads(alert["body"])["token"]
    stranger = Reader(stage.url)
    stranger.headers = {"Authorization": f"Bearer {token}", "X-Token": token, "User-Agent": token}
    stranger.read(path, alert["body"].encode()[:-9])
    stranger.read(path, json.dumps({"note": token, "v": 1}).encode().replace(b"x", b"\\u0078"))
    stranger.read(f"{path}?token={token}", b"{}")
    stranger.read(f"{path}/", b"{}")
    stranger.read(path)
    stranger.read(f"/signals/{token}")
    stranger.log_in(stage.password, "swapped with the name")


def misuse_signed(stage: Stage, key: str) -> None:
    """The key of a sender that signs, sent where a signature belongs, and where nothing does."""
    stranger = Reader(stage.url)
    stranger.headers = {"webhook-id": "1", "webhook-timestamp": "1795578629", "webhook-signature": f"v1,{key}"}
    stranger.read("/hook/breakout", json.dumps({"v": 1, "comment": key}).encode())
    stranger.headers = {"webhook-id": key, "User-Agent": key}
    stranger.read("/hook/breakout", b"{}")


def told_of(stage: Stage, password: str, backup: Path) -> tuple[dict[str, str], dict[str, bytes]]:
    """The secrets of a demo that runs, and what its pages, exports and backup say."""
    alert = json.loads(stage.command("alert", "template", "breakout", "--json"))
    issued = [json.loads(body.read_text())["token"] for body in (stage.state_dir.parent / "tradingview").glob("*.json")]
    made = json.loads(stage.command("api-token", "create", "--name", "reader", "--scope", "read", "--json"))
    strategy = json.loads(stage.command("strategy", "show", "breakout", "--json"))
    secrets = secrets_of(stage) | {
        "API token": made["token"],
        "key of signed webhooks": strategy["standard_webhook_secret"].removeprefix("whsec_"),
        "page password": password,
        "hook secret": alert["url"].rpartition("/")[2],
        "the last alert's token": json.loads(alert["body"])["token"],
        **{f"alert token {number}": token for number, token in enumerate(issued)},
    }
    misuse(stage, alert)
    misuse_signed(stage, strategy["standard_webhook_secret"])
    places = exports_of(stage)
    reader = Reader(stage.url)
    reader.log_in("trader", password)
    reader.walk()
    assert b"Log out" in reader.pages["/"]
    assert {"/strategies/breakout", "/alerts/new", "/log.csv"} <= set(reader.pages)  # where addresses are, on request
    places |= {f"page {path}": page for path, page in reader.pages.items()}
    places |= answers_of(stage, secrets["API token"])
    stage.command("backup", str(backup))
    return secrets, places


def secrets_of(stage: Stage) -> dict[str, str]:
    """Those of the login, the key of the state dir, and the broker's tokens as they are sealed in the database."""
    login = credentials(SEED)
    settings = open_settings({"EXECUTOR_STATE_DIR": str(stage.state_dir)})
    database = sqlite3.connect(stage.state_dir / "executor.sqlite3")
    sealed = [text for (text,) in database.execute(str(select(schema.session.c.tokens))) if text]
    database.close()
    tokens = json.loads(unseal(bootstrap.open_keys(settings), sealed[0]))
    named = {f"broker's {name}": value for name, value in tokens.items() if len(str(value)) > 40}
    assert len(named) >= 2
    own = {"PIN": login.pin, "TOTP secret": login.totp_secret, "API key": login.api_key}
    return named | own | {"SECRET_KEY": settings.secret_key}


def exports_of(stage: Stage) -> dict[str, bytes]:
    lines = json_lines(stage.command("audit", "list", "--json"))
    stories = [["audit", "show", line["delivery"], "--json"] for line in (lines[0], lines[-1])]
    told = [["audit", "list", "--json"], ["audit", "export"], *stories, ["orders", "--json"], ["strategy", "export"]]
    return {f"executor {' '.join(words)}": stage.command(*words, fails=True).encode() for words in told}


def answers_of(stage: Stage, token: str) -> dict[str, bytes]:
    """What the API says to whoever may read: every address of its document that takes no argument."""
    program = Reader(stage.url, headers={"Authorization": f"Bearer {token}"})
    paths = json.loads(program.read("/api/v1/openapi.json"))["paths"]
    found = {path: program.read(path) for path, methods in paths.items() if "get" in methods and "{" not in path}
    assert b"FILLED" in b"".join(found.values())
    return {f"API {path}": answer for path, answer in found.items()}


@pytest.mark.process
def test_after_a_full_demo_no_secret_lies_open(tmp_path: Path) -> None:
    backup = tmp_path / "kept" / "copy.gz"
    backup.parent.mkdir()
    with servers.webhook() as hook:
        stage = ToldStage(tmp_path / "var", free_port(), seed=SEED, notify=hook.url)
        try:
            rows = run(stage, lambda _: None, None)
            secrets, places = told_of(stage, stage.password, backup)
            eventually(lambda: any("FILLED" in text for text in hook.texts))
            while_it_runs = dict(files_below(stage.state_dir))
        finally:
            stage.close()
        places["notices"] = json.dumps([hook.bodies, hook.headers]).encode()

    places |= {f"running: {name}": data for name, data in while_it_runs.items() if name != "secret_key"}
    places |= {f"ended: {name}": data for name, data in files_below(stage.state_dir) if name != "secret_key"}
    places |= dict(files_below(backup.parent))
    assert [row.wrong for row in rows] == [()] * len(rows)
    assert {"running: executor.sqlite3-wal", "running: web.log", "running: trader.log", "copy.gz"} <= set(places)
    assert b"gAAAA" in places["copy.gz"]  # the sealed session was there to be searched
    assert find(secrets, places) == []


@pytest.mark.parametrize("form", forms(SECRET))
def test_the_search_finds_a_secret_in_each_form_and_kind_of_place(form: str, tmp_path: Path) -> None:
    written = (b"x" * int(form[-1]) if form[-1].isdigit() else b"") + forms(SECRET)[form]
    (tmp_path / "a.log").write_bytes(b'2026 INFO said="' + written + b'" and went on\n')
    with gzip.open(tmp_path / "copy.gz", "wb") as copy:
        copy.write(b'{"row":"' + written + b'"}')
    database = sqlite3.connect(tmp_path / "a.sqlite3")
    database.execute("CREATE TABLE kept (body TEXT)")
    database.execute("INSERT INTO kept VALUES (?)", [written.decode()])
    database.commit()
    database.close()

    found = find({"a secret": SECRET}, dict(files_below(tmp_path)))

    assert {line.rpartition(" in ")[2] for line in found} == {"a.log", "copy.gz", "a.sqlite3"}


@pytest.mark.parametrize(
    "text", ['"password":"0241"', "pin=0241", "pin: 0241,", "MDI0MQ==", "\\u0030\\u0032\\u0034\\u0031"]
)
def test_a_pin_is_found_where_it_stands_alone(text: str) -> None:
    assert find({"PIN": "0241"}, {"a log": f"said {text} there".encode()}) != []


@pytest.mark.parametrize("text", ["1700241.02", "09:20:00.0241", "price 80241", "[0241] booting worker"])
def test_a_pin_is_not_seen_in_every_number(text: str) -> None:
    assert find({"PIN": "0241"}, {"a log": text.encode()}) == []


def test_any_json_web_token_is_found() -> None:
    assert find({}, {"a call": b'{"jwtToken":"eyJhbGciOiJIUzUxMiJ9.eyJ1c2VyIjoi"}'}) == ["a JWT in a call"]
