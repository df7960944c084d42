from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

from executor.config.broker import BrokerSettings
from executor.config.environment import SETTINGS, Settings, load_settings

EXAMPLE = Path(__file__).parents[2] / ".env.example"
LINE = re.compile(r"^# ([A-Z][A-Z_]+)=(.*)$", re.MULTILINE)


def test_every_setting_is_in_the_example_once_and_no_other_is():
    named = [name for name, _ in LINE.findall(EXAMPLE.read_text())]

    assert sorted(named) == sorted(SETTINGS)


def test_every_setting_is_a_field_and_every_field_a_setting():
    held = {field.name for part in (Settings, BrokerSettings) for field in fields(part)} - {
        "credentials",
        "broker_urls",
        "has_own_key",
    }

    assert held == {name.removeprefix("EXECUTOR_").removeprefix("SMARTAPI_").lower() for name in SETTINGS}


def test_everything_in_the_example_is_commented_out():
    lines = EXAMPLE.read_text().splitlines()

    assert [line for line in lines if line and not line.startswith("#")] == []


def test_the_defaults_of_the_example_are_the_defaults(tmp_path):
    base = {"SECRET_KEY": "k" * 32}
    shown = {name: value for name, value in LINE.findall(EXAMPLE.read_text()) if value}
    login = {"SMARTAPI_API_KEY": "key", "SMARTAPI_CLIENT_CODE": "A1", "SMARTAPI_PIN": "1111"}

    assert load_settings({**base, **login, **shown}) == load_settings({**base, **login})
    assert len(shown) == 8


def test_the_example_itself_is_a_valid_env_file():
    settings = load_settings({"SECRET_KEY": "k" * 32}, env_file=EXAMPLE)

    assert settings == load_settings({"SECRET_KEY": "k" * 32})
