"""The wiring: which key opens which database, which accounts there are, what is served."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from executor import bootstrap
from executor.bootstrap.web import create_web_app
from executor.config.secrets import seal, unseal
from executor.domain.strategy import Account, AccountKind
from executor.errors import ConfigError, SchemaBehind
from executor.store.store import Store
from tests.bootstrap.conftest import FIRST, LOCAL, LOGIN, SECOND, THIRD, Site
from tests.builders import a_strategy

# -- the key -----------------------------------------------------------------------------------------------------


def test_another_secret_key_is_refused_and_the_way_out_is_told(site: Site) -> None:
    site.upgrade()

    with pytest.raises(ConfigError, match="SECRET_KEY_OLD") as refused:
        bootstrap.open_store(site.settings(SECRET_KEY=SECOND))

    assert FIRST not in str(refused.value)
    assert SECOND not in str(refused.value)


def test_a_refused_key_takes_nothing_over(site: Site) -> None:
    site.upgrade()

    for _ in range(2):
        with pytest.raises(ConfigError):
            bootstrap.open_store(site.settings(SECRET_KEY=SECOND))
    with pytest.raises(ConfigError):
        bootstrap.open_store(site.settings(SECRET_KEY=SECOND, SECRET_KEY_OLD=THIRD))

    assert site.kinds()


def test_the_old_key_hands_over_to_the_new_one_once_for_all(site: Site) -> None:
    site.upgrade()

    site.upgrade(SECRET_KEY=SECOND, SECRET_KEY_OLD=FIRST)

    site.look(lambda store: None, SECRET_KEY=SECOND)
    site.look(lambda store: None, SECRET_KEY=SECOND, SECRET_KEY_OLD=FIRST)
    with pytest.raises(ConfigError):
        bootstrap.open_store(site.settings())


def test_what_the_old_key_sealed_opens_while_it_is_given(site: Site) -> None:
    sealed = seal(bootstrap.open_keys(site.settings()), "the token")

    both = bootstrap.open_keys(site.settings(SECRET_KEY=SECOND, SECRET_KEY_OLD=FIRST))
    alone = bootstrap.open_keys(site.settings(SECRET_KEY=SECOND))

    assert unseal(both, sealed) == "the token"
    with pytest.raises(ConfigError):
        unseal(alone, sealed)


def test_without_a_key_in_the_settings_the_state_dir_keeps_one(site: Site) -> None:
    del site.environ["SECRET_KEY"]

    site.upgrade()
    site.upgrade()

    assert (site.state_dir / "secret_key").stat().st_mode & 0o777 == 0o600
    (site.state_dir / "secret_key").unlink()
    with pytest.raises(ConfigError, match="not the key"):
        site.upgrade()


# -- schema and accounts -----------------------------------------------------------------------------------------


def test_a_database_without_its_schema_names_the_command(site: Site) -> None:
    with pytest.raises(SchemaBehind, match="executor db upgrade"):
        bootstrap.open_store(site.settings())


def test_the_second_upgrade_changes_nothing(site: Site) -> None:
    first = site.upgrade(**LOGIN, **LOCAL)
    before = site.look(lambda store: list(store.pages.audit_entries()))

    second = site.upgrade(**LOGIN, **LOCAL)

    assert first == second
    assert site.look(lambda store: list(store.pages.audit_entries())) == before


def test_paper_always_exists_and_default_only_with_a_login(site: Site) -> None:
    site.upgrade()
    without = site.kinds()

    site.upgrade(**LOGIN, **LOCAL)

    assert without == {"paper": AccountKind.PAPER}
    assert site.kinds() == {"default": AccountKind.SIMULATOR, "paper": AccountKind.PAPER}


def test_a_live_account_starts_halted_and_a_simulated_one_does_not(site: Site) -> None:
    site.upgrade(**LOGIN, SMARTAPI_PUBLIC_IP="203.0.113.7")

    halts = site.look(lambda store: store.recovery.new_work("default").halts)

    assert site.kinds()["default"] is AccountKind.LIVE
    assert [halt.scope for halt in halts] == ["account:default"]


@pytest.mark.parametrize(("first", "then"), [(LOCAL, {}), ({}, LOCAL)])
def test_an_accounts_kind_is_for_ever(site: Site, first: dict[str, str], then: dict[str, str]) -> None:
    site.upgrade(**LOGIN, **first)
    kind = site.kinds()["default"]

    with pytest.raises(ConfigError, match="for ever"):
        site.upgrade(**LOGIN, **then)
    settings = site.settings(**LOGIN, **then)
    with pytest.raises(ConfigError, match="for ever"):
        site.look(lambda store: bootstrap.ensure_accounts(settings, store, at=datetime.now(UTC)))

    assert site.kinds()["default"] is kind


# -- web ---------------------------------------------------------------------------------------------------------


def test_the_web_application_is_wired_from_the_environment(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    site.upgrade()
    for name, value in site.environ.items():
        monkeypatch.setenv(name, value)

    client = create_web_app().test_client()

    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 503
    assert client.post("/hook/nobody/nothing", data=b"{}").status_code == 404


def test_an_account_that_is_added_meanwhile_is_expected_to_be_traded(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.upgrade()
    for name, value in site.environ.items():
        monkeypatch.setenv(name, value)
    client = create_web_app().test_client()
    now = datetime.now(UTC)

    def beat(store: Store) -> None:
        epoch = store.ledger.take_lease("paper", "host:1", at=now, follows=None)
        store.ledger.beat("paper", epoch, at=now, status={"session": True, "reconciled": True})

    def add(store: Store) -> None:
        second = Account("second", AccountKind.SIMULATOR)
        store.people.add_account(second, by="test", at=now, new_id=str, login="sealed")

    site.look(beat)
    before = client.get("/readyz").status_code
    site.look(add)

    assert (before, client.get("/readyz").status_code) == (200, 503)


def test_a_strategy_that_is_saved_by_one_process_is_read_by_another(site: Site) -> None:
    site.upgrade()
    strategy = a_strategy()

    site.look(lambda store: store.people.save_strategy(strategy, by="test", at=datetime.now(UTC)))

    assert site.look(lambda store: store.people.strategy("trend")) == strategy
