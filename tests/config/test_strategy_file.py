from __future__ import annotations

import pytest

from executor.config.strategy import strategy_from
from executor.config.strategy_file import changed, laid_over, open_fields, read_strategies, strategies_text
from executor.errors import ConfigError

FIELDS = {
    "account": "paper",
    "tickers": ["M&M", "SBIN"],
    "product": "intraday",
    "quantity": 10,
    "max_quantity": 100,
    "stop_loss": "1%",
    "take_profit": "2%",
}


def made(name="dip", **more):
    return strategy_from({**FIELDS, **more}, name=name, version=7)


def test_what_is_not_said_stays_and_what_is_said_wins():
    assert laid_over({"account": "a", "lots": 1}, {"account": "b", "lots": None}) == {"account": "b", "lots": 1}


def test_a_size_of_the_other_kind_replaces_the_one_before():
    assert laid_over({"quantity": 10}, {"lots": 2}) == {"lots": 2}
    assert laid_over({"quantity": 10}, {"quantity": 5}) == {"quantity": 5}
    assert laid_over({"risk": "500", "capital": "9"}, {"percent_of_capital": 5}) == {
        "capital": "9",
        "percent_of_capital": 5,
    }


def test_two_sizes_at_once_are_both_kept_to_be_refused():
    assert laid_over({}, {"quantity": 10, "lots": 2}) == {"quantity": 10, "lots": 2}


def test_none_removes_what_is_set_and_is_a_word_of_its_own_for_two():
    before = {"stop_loss": "1%", "max_open": 3, "capital": "5000", "short": "futures"}

    after = laid_over(before, {"stop_loss": "none", "max_open": "none", "short": "none", "protection": "none"})

    assert after == {"capital": "5000", "short": "none", "protection": "none"}


def test_a_change_is_the_next_version_and_keeps_the_address():
    before = made(rotation=3, rotation_before=2)

    after = changed(before, {**open_fields(before), "quantity": 20})

    assert (after.version, after.size.value) == (8, 20)
    assert (after.rotation, after.rotation_before) == (3, 2)


def test_a_change_that_changes_nothing_is_none():
    before = made()

    assert changed(before, {**open_fields(before), "stop_loss": "1.00%"}) is before


def test_an_address_in_the_fields_brings_no_old_one_back():
    before = made(rotation=3)

    assert changed(before, {**open_fields(before), "rotation": 1}) is before


def test_a_strategy_does_not_move_to_another_account():
    with pytest.raises(ConfigError, match="account is paper and cannot become default"):
        changed(made(), {**FIELDS, "account": "default"})


@pytest.mark.parametrize("suffix", [".toml", ".txt"])
def test_what_is_written_is_read_again(tmp_path, suffix):
    tables = {"take_profit": [{"at": "1%", "share": 50}, {"at": "5", "share": 50}], "trail": "1%:0.25%"}
    strategies = [made("dip"), made("rise", short="intraday-cash", enabled=False, rotation=4, **tables)]
    path = tmp_path / f"all{suffix}"
    path.write_text(strategies_text(strategies))

    found = read_strategies(path)

    assert found == {one.name: open_fields(one) for one in strategies}
    assert "rotation" not in path.read_text()


def test_a_json_file_is_read_by_its_name(tmp_path):
    path = tmp_path / "all.json"
    path.write_text('{"strategy": {"dip": {"account": "paper"}}}')

    assert read_strategies(path) == {"dip": {"account": "paper"}}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("x.toml", 'account = "paper"', "has no [strategy.NAME] tables"),
        ("x.toml", "strategy = 5", "has no [strategy.NAME] tables"),
        ("x.toml", "[strategy]\ndip = 5", "has no [strategy.NAME] tables"),
        ("x.toml", "[strategy.dip", "cannot be read as TOML"),
        ("x.json", "{", "cannot be read as JSON"),
        ("x.json", "[]", "has no [strategy.NAME] tables"),
        ("x.toml", "[strategy.dip]\nrotation = 1", "strategy dip: rotation is no field of a file"),
    ],
)
def test_a_file_that_is_none_is_refused(tmp_path, name, text, words):
    path = tmp_path / name
    path.write_text(text)

    with pytest.raises(ConfigError) as caught:
        read_strategies(path)

    assert words in str(caught.value)
