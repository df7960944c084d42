from __future__ import annotations

import stat

import pytest

from executor.config.secrets import Keys, fingerprint, keep_secret_key, own_secret_key, seal, unseal
from executor.errors import ConfigError

KEY = "a key of this test that is long enough to be taken"
OTHER = "another key of this test, also long enough to be taken"


def test_each_purpose_has_a_key_of_its_own():
    keys = Keys.derive(KEY)

    raw = {keys.address, keys.token, keys.session, keys.seal}

    assert len(raw) == 4
    assert all(len(key) == 32 for key in raw)


def test_keys_are_the_same_for_the_same_secret_and_different_for_another():
    assert Keys.derive(KEY) == Keys.derive(KEY)
    assert Keys.derive(KEY).token != Keys.derive(OTHER).token
    assert Keys.derive(KEY).key_id != Keys.derive(OTHER).key_id


def test_the_keys_do_not_change_between_versions_of_the_program():
    """Addresses pasted into TradingView and sealed rows depend on them."""
    keys = Keys.derive(KEY)

    assert keys.key_id == fingerprint(KEY) == "dbc2d17d1cf3e7a9"
    assert keys.address.hex()[:16] == "05d4562f80985a32"


def test_the_key_id_is_16_hex_characters():
    assert len(fingerprint(KEY)) == 16
    assert int(fingerprint(KEY), 16) >= 0


def test_a_short_secret_key_is_refused_without_being_shown():
    with pytest.raises(ConfigError, match=r"SECRET_KEY has 9 characters; it needs 32") as caught:
        Keys.derive("too-short")

    assert "too-short" not in str(caught.value)


def test_a_short_old_key_is_named():
    with pytest.raises(ConfigError, match="SECRET_KEY_OLD has 5 characters"):
        Keys.derive(KEY, old="short")


def test_no_key_is_in_the_repr():
    keys = Keys.derive(KEY, old=OTHER)

    text = repr(keys)

    assert text == f"Keys(key_id='{keys.key_id}')"


def test_what_is_sealed_opens_again_and_does_not_contain_the_text():
    keys = Keys.derive(KEY)

    sealed = seal(keys, "a token ₹")

    assert "token" not in sealed
    assert unseal(keys, sealed) == "a token ₹"


def test_the_old_key_still_opens_what_it_sealed():
    sealed = seal(Keys.derive(OTHER), "secret")

    assert unseal(Keys.derive(KEY, old=OTHER), sealed) == "secret"


def test_new_seals_use_the_new_key():
    sealed = seal(Keys.derive(KEY, old=OTHER), "secret")

    assert unseal(Keys.derive(KEY), sealed) == "secret"


@pytest.mark.parametrize("spoil", [lambda text: text[:-4] + "AAA=", lambda _: "", lambda _: "nonsense ₹"])
def test_what_another_key_sealed_or_someone_changed_does_not_open(spoil):
    keys = Keys.derive(KEY)

    with pytest.raises(ConfigError, match="SECRET_KEY_OLD"):
        unseal(keys, spoil(seal(keys, "secret")))
    with pytest.raises(ConfigError, match="SECRET_KEY_OLD"):
        unseal(Keys.derive(OTHER), seal(keys, "secret"))


def test_an_own_key_is_kept_once_and_readable_by_its_owner_only(tmp_path):
    state = tmp_path / "var"

    first = own_secret_key(state)
    assert not state.exists()
    keep_secret_key(state, first)
    second = own_secret_key(state)

    assert first == second
    assert len(first) >= 32
    assert stat.S_IMODE((state / "secret_key").stat().st_mode) == 0o600
    assert [path.name for path in state.iterdir()] == ["secret_key"]


def test_two_state_dirs_have_two_keys(tmp_path):
    assert own_secret_key(tmp_path / "a") != own_secret_key(tmp_path / "b")


def test_a_key_file_that_others_can_read_is_refused(tmp_path):
    keep_secret_key(tmp_path, KEY)
    (tmp_path / "secret_key").chmod(0o640)

    with pytest.raises(ConfigError, match="chmod 600"):
        own_secret_key(tmp_path)


def test_a_state_dir_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match="EXECUTOR_STATE_DIR"):
        keep_secret_key(tmp_path / "file", KEY)
