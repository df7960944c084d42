from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from executor.config.environment import account_kind, keep_key, load_settings
from executor.domain.strategy import AccountKind
from executor.errors import ConfigError

KEY = "a secret key of this test, long enough"
TOTP = "MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U"
LOGIN = {"SMARTAPI_API_KEY": "the-api-key", "SMARTAPI_CLIENT_CODE": "T1234", "SMARTAPI_PIN": "9876"}
SIMULATOR = {
    "SMARTAPI_BASE_URL": "http://127.0.0.1:8090",
    "SMARTAPI_MASTER_URL": "http://127.0.0.1:8090/master.json",
}


def load(**environ):
    return load_settings({"SECRET_KEY": KEY, **environ})


def refused(**environ):
    with pytest.raises(ConfigError) as caught:
        load(**environ)
    return str(caught.value)


def test_nothing_set_is_a_paper_account_on_sqlite_behind_loopback(tmp_path):
    settings = load_settings({"EXECUTOR_STATE_DIR": str(tmp_path)})

    assert settings.database_url == f"sqlite:///{tmp_path}/executor.sqlite3"
    assert (settings.host, settings.port, settings.public_url) == ("127.0.0.1", 8080, "http://127.0.0.1:8080")
    assert settings.credentials is None
    assert account_kind(settings) is AccountKind.PAPER
    assert len(settings.secret_key) >= 32
    assert list(tmp_path.iterdir()) == []  # who only looks makes nothing


def test_an_own_key_is_kept_by_who_makes_the_database_and_found_by_all_after(tmp_path):
    first = load_settings({"EXECUTOR_STATE_DIR": str(tmp_path)})

    keep_key(first)
    keep_key(first)

    assert first.secret_key == (tmp_path / "secret_key").read_text().strip()
    assert load_settings({"EXECUTOR_STATE_DIR": str(tmp_path)}).secret_key == first.secret_key


def test_a_key_that_is_given_is_laid_nowhere(tmp_path):
    keep_key(load(EXECUTOR_STATE_DIR=str(tmp_path)))

    assert list(tmp_path.iterdir()) == []


def test_of_two_that_make_a_key_at_once_the_second_is_told(tmp_path):
    first, second = (load_settings({"EXECUTOR_STATE_DIR": str(tmp_path)}) for _ in range(2))
    keep_key(first)

    with pytest.raises(ConfigError, match="another process made it at this moment"):
        keep_key(second)


def test_the_state_dir_is_var_unless_given():
    assert load().state_dir == Path("var")


def test_a_login_makes_a_live_account():
    settings = load(**LOGIN)

    assert account_kind(settings) is AccountKind.LIVE
    assert settings.credentials is not None
    assert settings.credentials.base_url == "https://apiconnect.angelone.in"
    assert settings.credentials.totp_secret is None


def test_a_login_with_a_base_url_on_loopback_makes_a_simulator_account():
    settings = load(**LOGIN, **SIMULATOR)

    assert account_kind(settings) is AccountKind.SIMULATOR
    assert settings.credentials is not None
    assert settings.credentials.order_feed_url is None
    assert settings.master_url == settings.credentials.master_url == SIMULATOR["SMARTAPI_MASTER_URL"]


@pytest.mark.parametrize("missing", sorted(LOGIN))
def test_a_part_of_a_login_is_refused_and_what_is_missing_is_named(missing):
    part = {name: value for name, value in LOGIN.items() if name != missing}

    assert refused(**part).startswith(f"{missing} not set")


def test_an_empty_value_counts_as_not_set():
    assert load(**dict.fromkeys(LOGIN, " "), PORT="").credentials is None


@pytest.mark.parametrize(
    ("given", "nearest"),
    [
        ("EXECUTOR_PUBLIC_URI", "EXECUTOR_PUBLIC_URL"),
        ("EXECUTOR_TRUSTED_PROXY", "EXECUTOR_TRUSTED_PROXIES"),
        ("EXECUTOR_CLOCK_FIL", "EXECUTOR_CLOCK_FILE"),
        ("EXECUTOR_X", "EXECUTOR_"),
    ],
)
def test_an_unknown_setting_of_ours_is_refused_with_the_nearest_one(given, nearest):
    text = refused(**{given: "1"})

    assert text.startswith(f"{given} is no setting")
    assert nearest in text


def test_an_unknown_setting_in_the_env_file_is_refused_as_well(tmp_path):
    (tmp_path / ".env").write_text("EXECUTOR_STATEDIR=x\n")

    with pytest.raises(ConfigError, match="did you mean EXECUTOR_STATE_DIR"):
        load_settings({"SECRET_KEY": KEY}, env_file=tmp_path / ".env")


@pytest.mark.parametrize(
    "line", ["PORT: 9001", "SMARTAPI PIN=1234", "SMARTAPI_PIN='12", 'SMARTAPI_PIN="12" 34', "=5", "PORT"]
)
def test_a_line_of_the_env_file_that_is_no_setting_is_refused_with_its_number_and_without_its_words(tmp_path, line):
    (tmp_path / ".env").write_text(f"# a comment\nexport HOST=127.0.0.2\n\n\n{line}\nPORT=9000\n")

    with pytest.raises(ConfigError, match="line 5 is no setting; write NAME=VALUE") as caught:
        load_settings({"SECRET_KEY": KEY}, env_file=tmp_path / ".env")

    assert "12" not in str(caught.value).replace(str(tmp_path), "")


def test_an_env_file_that_is_no_utf8_is_told(tmp_path):
    (tmp_path / ".env").write_bytes(b"PORT=9001\nSECRET_KEY=\xe9\n")

    with pytest.raises(ConfigError, match=r"cannot be read .*UTF-8"):
        load_settings({}, env_file=tmp_path / ".env")


def test_the_environment_wins_over_the_env_file_and_a_missing_file_is_no_error(tmp_path):
    (tmp_path / ".env").write_text("PORT=9001\nHOST=127.0.0.2\n")

    settings = load_settings({"SECRET_KEY": KEY, "PORT": "9000"}, env_file=tmp_path / ".env")

    assert (settings.port, settings.host) == (9000, "127.0.0.2")
    assert load_settings({"SECRET_KEY": KEY}, env_file=tmp_path / "none").port == 8080


def test_the_process_environment_is_not_read_behind_the_mapping(monkeypatch):
    monkeypatch.setenv("PORT", "9999")
    monkeypatch.setenv("EXECUTOR_NONSENSE", "1")

    assert load().port == 8080


def test_a_value_is_read_from_the_file_that_is_named(tmp_path):
    (tmp_path / "pin").write_text("4321\n")

    settings = load(**{**LOGIN, "SMARTAPI_PIN": "", "SMARTAPI_PIN_FILE": str(tmp_path / "pin")})

    assert settings.credentials is not None
    assert settings.credentials.pin == "4321"


def test_a_number_is_read_from_a_file_too(tmp_path):
    (tmp_path / "port").write_text("9002\n")

    assert load(PORT_FILE=str(tmp_path / "port")).port == 9002


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    assert refused(SMARTAPI_PIN_FILE=str(tmp_path / "none")).startswith("SMARTAPI_PIN_FILE names")


def test_a_value_and_its_file_together_are_refused(tmp_path):
    assert refused(PORT="1", PORT_FILE=str(tmp_path)) == "PORT and PORT_FILE are both set; remove one"


def test_signs_that_templates_use_elsewhere_stay_as_they_are_in_a_secret():
    settings = load(**{**LOGIN, "SMARTAPI_API_KEY": "{{a}}$b${c}"})

    assert settings.credentials is not None
    assert settings.credentials.api_key == "{{a}}$b${c}"


@pytest.mark.parametrize("sign", ["'", '"', ""])
def test_signs_stay_as_they_are_in_a_file_too(tmp_path: Path, sign: str) -> None:
    file = tmp_path / ".env"
    file.write_text("\n".join(f"{name}={sign}{value}${{HOME}}$b{sign}" for name, value in LOGIN.items()))

    settings = load_settings({"SECRET_KEY": KEY, "HOME": "/root"}, env_file=file)

    assert settings.credentials is not None
    assert (settings.credentials.api_key, settings.credentials.pin) == ("the-api-key${HOME}$b", "9876${HOME}$b")


def test_the_environment_wins_over_a_file_in_whichever_form_each_says_it(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("9002")
    file = tmp_path / ".env"
    file.write_text(f"HOST=\nHOST_FILE={tmp_path / 'none'}\nPORT_FILE={tmp_path / 'port'}\nWEB_CONCURRENCY=3\n")

    assert load_settings({"SECRET_KEY": KEY, "HOST": "::1", "PORT": "9001"}, env_file=file).port == 9001


def test_an_empty_line_of_a_file_sets_nothing(tmp_path: Path) -> None:
    (tmp_path / "port").write_text("9002")
    file = tmp_path / ".env"
    file.write_text(f"PORT=\nPORT_FILE={tmp_path / 'port'}\nHOST_FILE=\n")

    assert load_settings({"SECRET_KEY": KEY}, env_file=file).port == 9002


@pytest.mark.parametrize("found", ["0", "65536", "eighty", "80.5", "-1"])
def test_a_port_that_is_none_is_refused(found):
    assert refused(PORT=found) == f"PORT is '{found}'; give a whole number from 1 to 65535"


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("SMARTAPI_BASE_URL", "http://apiconnect.example"),
        ("SMARTAPI_ORDER_FEED_URL", "ws://feed.example/x"),
        ("SMARTAPI_MASTER_URL", "http://files.example/x.json"),
        ("EXECUTOR_PUBLIC_URL", "http://executor.example"),
        ("SMARTAPI_BASE_URL", "http://127.0.0.1.example"),
    ],
)
def test_what_is_not_encrypted_stays_on_this_machine(name, url):
    assert "leaves this machine" in refused(**{name: url})


@pytest.mark.parametrize(
    "url", ["apiconnect.example", "ftp://x.example", "wss://x.example", "https://:443", "https://[x"]
)
def test_a_url_that_is_none_is_refused_without_being_shown(url):
    text = refused(SMARTAPI_BASE_URL=url)

    assert text.startswith("SMARTAPI_BASE_URL is not a https:// URL")
    assert url not in text


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]"])
def test_loopback_may_be_unencrypted(host):
    assert load(EXECUTOR_PUBLIC_URL=f"http://{host}:8080/").public_url == f"http://{host}:8080"


def test_a_simulators_master_under_a_real_login_is_refused_and_the_other_way_round():
    assert "disagree" in refused(**LOGIN, SMARTAPI_MASTER_URL=SIMULATOR["SMARTAPI_MASTER_URL"])
    assert "disagree" in refused(**{**SIMULATOR, "SMARTAPI_ORDER_FEED_URL": "wss://feed.example"})
    assert "SMARTAPI_MASTER_URL is not set" in refused(SMARTAPI_BASE_URL="http://localhost:1")


def test_the_public_url_follows_host_and_port():
    assert load(HOST="::1", PORT="81").public_url == "http://[::1]:81"


def test_proxies_are_networks():
    settings = load(EXECUTOR_TRUSTED_PROXIES="127.0.0.1, 10.0.0.0/8")

    assert settings.trusted_proxies == (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"))
    assert "EXECUTOR_TRUSTED_PROXIES" in refused(EXECUTOR_TRUSTED_PROXIES="proxy.local")


def test_certificates_are_fingerprints_that_a_proxy_may_tell_of():
    sha1, sha256 = "0123456789abcdef" * 2 + "01234567", "ab" * 32
    given = f"{sha1.upper()[:20]} {sha1[20:]}, {':'.join(['AB'] * 32)}"

    found = load(EXECUTOR_CLIENT_CERTIFICATES=given, EXECUTOR_TRUSTED_PROXIES="127.0.0.1").client_certificates

    assert found == {sha1, sha256}
    assert load().client_certificates == frozenset()
    assert "EXECUTOR_TRUSTED_PROXIES" in refused(EXECUTOR_CLIENT_CERTIFICATES=sha1)
    assert "is no fingerprint" in refused(EXECUTOR_CLIENT_CERTIFICATES="ab", EXECUTOR_TRUSTED_PROXIES="127.0.0.1")


def test_postgres_needs_a_secret_key_and_makes_none(tmp_path):
    environ = {"DATABASE_URL": "postgres://u:p@db/x", "EXECUTOR_STATE_DIR": str(tmp_path)}

    with pytest.raises(ConfigError, match="SECRET_KEY is not set"):
        load_settings(environ)

    assert list(tmp_path.iterdir()) == []
    assert load(**environ).database_url == "postgresql://u:p@db/x"


@pytest.mark.parametrize("url", ["mysql://u:hidden@db/x", "hidden", "://hidden"])
def test_another_database_is_refused_without_showing_the_password(url):
    text = refused(DATABASE_URL=url)

    assert text.startswith("DATABASE_URL is neither")
    assert "hidden" not in text


def test_a_short_secret_key_is_refused_at_start():
    assert refused(SECRET_KEY="short").startswith("SECRET_KEY has 5 characters")
    assert refused(SECRET_KEY_OLD="short").startswith("SECRET_KEY_OLD has 5 characters")


@pytest.mark.parametrize(
    "found",
    [
        TOTP,
        TOTP.lower(),
        "MFRG GZDF MZTW Q2LK NNWG 23TP OBYX E43U",
        f"otpauth://totp/Broker:T1234?secret={TOTP}&issuer=Broker",
    ],
)
def test_a_totp_secret_is_taken_as_text_and_as_uri(found):
    settings = load(**LOGIN, SMARTAPI_TOTP_SECRET=found)

    assert settings.credentials is not None
    assert settings.credentials.totp_secret == TOTP


@pytest.mark.parametrize(
    "found",
    [
        TOTP[:16],
        "not base 32!",
        "123456",
        f"otpauth://hotp/x?secret={TOTP}&counter=1",
        f"otpauth://totp/x?secret={TOTP}&digits=8",
        f"otpauth://totp/x?secret={TOTP}&algorithm=SHA256",
        "otpauth://totp/x",
    ],
)
def test_what_is_no_totp_secret_is_refused_by_name_without_being_shown(found):
    text = refused(**LOGIN, SMARTAPI_TOTP_SECRET=found)

    assert text.startswith("SMARTAPI_TOTP_SECRET is no TOTP secret")
    assert found not in text


def test_addresses_of_the_machine_are_checked():
    assert "SMARTAPI_PUBLIC_IP is 'x'" in refused(SMARTAPI_PUBLIC_IP="x")
    assert "SMARTAPI_MAC is '12:34'" in refused(SMARTAPI_MAC="12:34")

    settings = load(**LOGIN, SMARTAPI_PUBLIC_IP="203.0.113.7", SMARTAPI_MAC="02:00:5e:10:00:01")

    assert settings.credentials is not None
    assert (settings.credentials.public_ip, settings.credentials.mac) == ("203.0.113.7", "02:00:5e:10:00:01")


def test_simulated_time_is_refused_with_a_live_account_only():
    assert "EXECUTOR_CLOCK_FILE" in refused(**LOGIN, EXECUTOR_CLOCK_FILE="clock.json")
    assert load(**LOGIN, **SIMULATOR, EXECUTOR_CLOCK_FILE="clock.json").clock_file == Path("clock.json")


def test_no_secret_is_in_the_repr():
    settings = load(
        **LOGIN,
        SMARTAPI_TOTP_SECRET=TOTP,
        DATABASE_URL="postgresql://u:hidden@db/x",
        SECRET_KEY_OLD="old " + KEY,
        EXECUTOR_NOTIFY_URLS="telegram://12:bot-token@34",
        EXECUTOR_HEARTBEAT_URL="https://beat.example/uuid",
    )

    text = repr(settings)

    for secret in (KEY, TOTP, "the-api-key", "9876", "hidden", "bot-token", "uuid"):
        assert secret not in text
    assert [address.label for address in settings.notify_urls] == ["telegram chat 34"]
