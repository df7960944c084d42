"""`executor account add`: a login is asked without echo, checked, sealed (tests/bootstrap: and traded)."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from executor import bootstrap
from executor.bootstrap.logins import login_of
from executor.bootstrap.setup import upgrade_database
from executor.cli import main
from executor.config.broker import BrokerSettings
from executor.config.environment import open_settings
from executor.store import schema
from executor.store.logins import Logins
from executor.store.store import Store

TOTP = "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U"
SECRETS = ("k3yK3yk3", "4071", TOTP)
TYPED = "k3yK3yk3\nT100200\n4071\n" + TOTP + "\n"
LINES = "# a login\nSMARTAPI_API_KEY=k3yK3yk3\nSMARTAPI_CLIENT_CODE='T100200'\nSMARTAPI_PIN=4071\n"


@pytest.fixture
def store(sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SECRET_KEY", "a secret key of this test, long enough")
    monkeypatch.setenv("EXECUTOR_STATE_DIR", str(tmp_path / "var"))
    upgrade_database(open_settings())
    made = bootstrap.open_store(open_settings())
    yield made
    made.database.close()


def run(*arguments: str, typed: str = "", code: int = 0) -> str:
    done = CliRunner().invoke(main, ["account", *arguments], input=typed)
    assert done.exit_code == code, done.output
    return done.output


def kept(store: Store, account: str) -> BrokerSettings:
    return login_of(open_settings(), store, account)


def everything(store: Store) -> str:
    """Every row that names an account, and the audit, as text."""
    with store.database.read() as connection:
        tables = (schema.account, schema.audit, schema.halt)
        return str([list(map(str, connection.execute(select(table)))) for table in tables])


def test_secrets_are_asked_without_echo_and_lie_sealed(store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)

    said = run("add", "second", "--public-ip", "203.0.113.7", typed=TYPED)

    for secret in (*SECRETS, "T100200"):
        assert secret not in said + caplog.text + everything(store)
    login = kept(store, "second")
    assert (login.api_key, login.client_code, login.pin, login.totp_secret) == ("k3yK3yk3", "T100200", "4071", TOTP)
    assert login.public_ip == "203.0.113.7"
    assert all(secret not in repr(login) for secret in SECRETS)


def test_a_live_account_starts_halted_and_says_what_comes_next(store: Store) -> None:
    said = run("add", "second", typed=TYPED)

    assert said.splitlines()[-1].startswith("second: LIVE, halted. Next: `executor account set second")
    (halt,) = store.pages.standing().halts
    assert (halt.scope, "starts halted" in halt.why) == ("account:second", True)


def test_a_script_gives_a_file_or_standard_input(store: Store, tmp_path: Path) -> None:
    (tmp_path / "login.env").write_text(LINES + f"SMARTAPI_TOTP_SECRET=otpauth://totp/x?secret={TOTP}\n")

    run("add", "by-file", "--login-file", "login.env")
    run("add", "by-stdin", "--login-file", "-", typed=LINES.replace("T100200", "T100300"))

    assert (kept(store, "by-file").totp_secret, kept(store, "by-stdin").totp_secret) == (TOTP, None)
    assert kept(store, "by-stdin").client_code == "T100300"


@pytest.mark.parametrize(
    ("name", "typed", "words"),
    [
        ("second", "k3yK3yk3\n\n4071\n\n", "SMARTAPI_CLIENT_CODE not set"),
        ("second", "\n\n\n\n", "there is no login"),
        ("second", f"k3yK3yk3\nT100200\n4071\n{TOTP[:16]}\n", "no TOTP secret of at least 112 bits"),
        ("second", "k3yK3yk3\nT100200\n4071\n123456\n", "no TOTP secret"),
        ("default", TYPED, "from the environment"),
        ("paper", TYPED, "already"),
        ("a name", TYPED, "no name for an account"),
    ],
)
def test_what_cannot_be_is_named_and_nothing_is_kept(store: Store, name: str, typed: str, words: str) -> None:
    said = run("add", name, typed=typed, code=1)

    assert words in said
    assert all(secret not in said for secret in SECRETS)
    assert Logins(store.database).all() == {}


def test_a_line_that_is_none_is_named_by_its_number_and_not_shown(store: Store) -> None:
    said = run("add", "second", "--login-file", "-", typed="SMARTAPI_PIN=4071\nMY_PIN=9182\n", code=1)

    assert "line 2 of the login" in said
    assert "9182" not in said


def test_another_login_replaces_the_first_and_limits_stay(store: Store) -> None:
    run("add", "second", typed=TYPED)
    run("set", "second", "--max-open", "3")

    run("set-login", "second", typed=TYPED.replace("4071", "5182"))

    assert kept(store, "second").pin == "5182"
    assert json.loads(run("show", "second", "--json"))["max_open"] == 3
    run("set", "second", "--max-open", "4")
    assert kept(store, "second").pin == "5182"
    assert "has no login of its own" in run("set-login", "paper", typed=TYPED, code=1)
