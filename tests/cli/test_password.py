"""The one password of the pages, set at the command line."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from werkzeug.security import check_password_hash

from executor import bootstrap
from executor.cli import main
from executor.config.environment import open_settings


@pytest.fixture
def store(sqlite_url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.setenv("SECRET_KEY", "a secret key of this test, long enough")
    store = bootstrap.open_store(open_settings())
    yield store
    store.database.close()


def set_password(*arguments, given):
    return CliRunner().invoke(main, ["password", "set", *arguments], input=given)


def test_the_password_is_read_from_standard_input_and_kept_as_a_hash(store):
    result = set_password("--stdin", given="correct horse\n")

    person = store.people.person("trader")
    assert (result.exit_code, result.output) == (0, "password set; log in as trader at http://127.0.0.1:8080/login\n")
    assert person is not None
    assert person.password_hash.startswith("scrypt:")
    assert check_password_hash(person.password_hash, "correct horse")


def test_a_short_password_is_refused_and_changes_nothing(store):
    result = set_password("--stdin", given="seven77\n")

    assert result.exit_code == 1
    assert "it needs 8 or more" in result.output
    assert store.people.person("trader") is None


def test_without_a_terminal_the_way_out_is_named(store):
    result = set_password(given="correct horse\n")

    assert result.exit_code == 2
    assert "use --stdin" in result.output


def test_on_a_terminal_it_is_asked_for_twice(store, monkeypatch):
    monkeypatch.setattr("executor.cli.password._on_terminal", lambda: True)

    differing = set_password(given="correct horse\nincorrect horse\ncorrect horse\ncorrect horse\n")

    assert differing.exit_code == 0
    assert "correct horse" not in differing.output
    assert store.people.person("trader") is not None
