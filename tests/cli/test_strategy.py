from __future__ import annotations

import json
from decimal import Decimal

import pytest
from click.testing import CliRunner

from executor import bootstrap
from executor.alerts.address import rotation_of
from executor.cli import main

ADD = ["--account", "paper", "--tickers", "SBIN,INFY", "--product", "intraday", "--quantity", "10"]
ADD += ["--max-quantity", "50", "--stop-loss", "1%"]
EVERYTHING = [
    *("--account", "paper", "--tickers", "NSE:SBIN,NSE:INFY", "--product", "intraday", "--short", "write-options"),
    *("--roll", "2 days at 15:00", "--option", "CE ATM+1 weekly 2", "--max-spread", "3%"),
    *("--levels-of", "underlying", "--disaster-stop", "35%"),
    *("--percent-of-capital", "10%", "--capital", "100000", "--contracts-are", "units"),
    *("--stop-loss", "1%", "--take-profit", "1%:50", "--take-profit", "2%:50", "--trail", "1%:0.25%"),
    *("--breakeven-after", "0.5%", "--protection", "pair", "--gap", "exit", "--entry-ttl", "30"),
    *("--max-slippage", "0.2%", "--enter-from", "09:20", "--enter-until", "14:30", "--expiry-day"),
    *("--max-quantity", "50", "--max-order-quantity", "25", "--max-notional", "20000", "--max-open", "2"),
    *("--max-trades", "9", "--max-daily-loss", "5000.50", "--cooldown", "600"),
]


@pytest.fixture
def run(settings):
    def run(*arguments, code=0):
        result = CliRunner().invoke(main, ["strategy", *arguments])
        assert result.exit_code == code, result.output
        return result.output

    return run


@pytest.fixture
def run_json(run):
    return lambda *arguments: json.loads(run(*arguments, "--json"))


def stored(settings, name="dip"):
    store = bootstrap.open_store(settings)
    found = store.people.strategy(name)
    store.database.close()
    return found


def secret(card):
    return card["hook_url"].rpartition("/")[2]


def test_add_saves_a_strategy_and_gives_what_the_sender_needs(run_json, settings):
    card = run_json("add", "dip", *ADD)

    found = stored(settings)
    assert list(card) == ["strategy", "hook_url", "standard_webhook_secret"]
    assert card["strategy"] == "dip"
    assert card["hook_url"].startswith("http://127.0.0.1:8080/hook/dip/")
    assert card["standard_webhook_secret"].startswith("whsec_")
    assert (found.version, found.rails.tickers, found.rails.max_quantity) == (1, {"SBIN", "INFY"}, 50)


def test_add_prints_the_same_for_people(run, run_json):
    text = run("add", "dip", *ADD)

    assert run_json("show", "dip")["hook_url"] in text


def test_a_strategy_without_a_stop_is_refused_with_the_way_out(run, settings):
    text = run("add", "dip", *ADD[:-2], code=1)

    assert "stop_loss is missing; give one such as 1%" in text
    assert stored(settings) is None


def test_a_name_is_given_once(run):
    run("add", "dip", *ADD)

    assert "strategy dip exists; change it with `executor strategy set dip`" in run("add", "dip", *ADD, code=1)


def test_an_account_that_is_none_is_refused_and_default_means_paper_until_its_login_is_set(run, settings):
    text = run("add", "dip", *ADD, "--account", "mine", code=1)
    run("add", "dip", *ADD, "--account", "default")

    assert "there is no account 'mine'; there are: paper" in text
    assert stored(settings).account == "paper"


def test_a_file_gives_the_fields_and_options_win(run, settings, tmp_path):
    (tmp_path / "dip.toml").write_text(
        'account = "paper"\ntickers = ["TCS"]\nproduct = "intraday"\nquantity = 1\nmax_quantity = 9\nstop_loss = 5\n'
        'enter_until = "14:30"\n'
    )

    run("add", "dip", "--file", str(tmp_path / "dip.toml"), "--lots", "2")

    found = stored(settings)
    assert (found.size.kind, found.size.value, found.rails.tickers) == ("lots", 2, {"TCS"})
    assert f"{found.rails.enter_until:%H:%M}" == "14:30"


def test_set_changes_what_is_said_as_a_new_version(run, run_json, settings):
    run("add", "dip", *ADD, "--take-profit", "2%")

    shown = run_json("set", "dip", "--take-profit", "none", "--max-trades", "3")

    found = stored(settings)
    assert (found.version, found.take_profit, found.rails.max_trades) == (2, (), 3)
    assert found.stop_loss is not None
    assert "take_profit" not in shown


def test_every_setting_has_its_option_and_comes_out_by_json(run, run_json):
    run("add", "dip", *EVERYTHING)

    shown = run_json("show", "dip")

    for key in ("name", "version", "strategy", "hook_url", "standard_webhook_secret"):
        shown.pop(key)
    assert shown == {
        "account": "paper",
        "tickers": ["NSE:INFY", "NSE:SBIN"],
        "product": "intraday",
        "short": "write-options",
        "roll": "2 days at 15:00",
        "option": "CE ATM+1 weekly 2",
        "max_spread": "3%",
        "levels_of": "underlying",
        "disaster_stop": "35%",
        "percent_of_capital": "10%",
        "capital": "100000",
        "contracts_are": "units",
        "stop_loss": "1%",
        "take_profit": [{"at": "1%", "share": "50%"}, {"at": "2%", "share": "50%"}],
        "trail": {"distance": "1%", "step": "0.25%"},
        "breakeven_after": "0.5%",
        "protection": "pair",
        "gap": "exit",
        "entry_ttl": 30,
        "max_slippage": "0.2%",
        "enter_from": "09:20",
        "enter_until": "14:30",
        "expiry_day": True,
        "max_quantity": 50,
        "max_order_quantity": 25,
        "max_notional": "20000",
        "max_open": 2,
        "max_trades": 9,
        "max_daily_loss": "5000.5",
        "cooldown": 600,
        "enabled": True,
    }


def test_every_option_that_can_be_without_is_taken_away_by_none(run, run_json):
    run("add", "dip", *EVERYTHING)
    gone = ["contracts_are", "take_profit", "trail", "breakeven_after", "entry_ttl", "max_slippage"]
    gone += [
        "option",
        "max_spread",
        "disaster_stop",
        "max_order_quantity",
        "max_notional",
        "max_open",
        "max_daily_loss",
        "capital",
    ]

    taken = [word for name in gone for word in (f"--{name.replace('_', '-')}", "none")]
    shown = run_json(
        "set", "dip", *taken, "--quantity", "5", "--max-trades", "none", "--no-expiry-day", "--levels-of", "contract"
    )

    assert not set(gone) & shown.keys()
    assert (shown["quantity"], shown["max_trades"], shown["expiry_day"]) == (5, 20, False)
    assert "percent_of_capital" not in shown


def test_an_option_that_is_not_named_stays(run, settings):
    run("add", "dip", *EVERYTHING)
    before = stored(settings)

    run("set", "dip", "--cooldown", "0")

    after = stored(settings)
    assert (after.take_profit, after.trail, after.capital) == (before.take_profit, before.trail, Decimal(100_000))
    assert (after.expiry_day, after.rails.cooldown) == (True, 0)


def test_show_fits_a_terminal_and_says_each_setting_as_it_can_be_typed(run):
    run("add", "dip", *EVERYTHING)

    lines = run("show", "dip").splitlines()

    assert lines[0] == "dip: version 1, on"
    assert max(map(len, lines)) <= 80
    words = {line.split()[0]: " ".join(line.split()[1:]) for line in lines if line.startswith("  ") and " " in line[2:]}
    assert words["take_profit"].startswith("1%:50%, 2%:50% targets")
    assert words["trail"].startswith("1%:0.25% distance")
    assert words["expiry_day"].startswith("yes options")
    assert "everything is set" in lines


def test_show_names_what_could_be_set(run):
    run("add", "dip", *ADD)

    text = run("show", "dip")

    assert "not set: option, capital, contracts_are, take_profit, trail, breakeven_after" in text
    assert "notional" not in text.partition("not set")[2].replace("max_notional", "")


@pytest.mark.parametrize("command", ["add", "set"])
def test_help_lists_every_option_in_its_group(run, command):
    text = run(command, "--help")

    heads = [line for line in text.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert heads == [
        "What it trades:",
        "Size of an entry, one of the first five:",
        "Protection:",
        "Entry:",
        "Rails:",
        "Options:",
    ]
    assert max(map(len, text.splitlines())) <= 80
    assert all(text.count(f"  {option} ") == 1 for option in EVERYTHING[::2] if option.startswith("--max"))


def test_set_without_a_change_makes_no_version(run, settings):
    run("add", "dip", *ADD)

    run("set", "dip", "--stop-loss", "1.0%")

    assert stored(settings).version == 1


def test_taking_the_stop_away_needs_to_be_meant(run, settings):
    run("add", "dip", *ADD)

    assert "stop_loss is missing" in run("set", "dip", "--stop-loss", "none", code=1)
    run("set", "dip", "--stop-loss", "none", "--protection", "none")

    assert stored(settings).stop_loss is None
    assert "NO STOP" in run("list")


def test_list_is_one_line_each(run):
    run("add", "rise", *ADD)
    run("add", "dip", *ADD)

    lines = [json.loads(line) for line in run("list", "--json").splitlines()]

    assert [line["name"] for line in lines] == ["dip", "rise"]
    assert lines[0]["tickers"] == ["INFY", "SBIN"]
    assert "hook_url" not in lines[0]
    assert len(run("list").splitlines()) == 2
    assert max(map(len, run("list").splitlines())) <= 80


def test_an_unknown_strategy_is_answered_with_those_there_are(run):
    run("add", "dip", *ADD)

    assert "there is no strategy 'dop'; there are: dip" in run("show", "dop", code=1)


def test_rotate_gives_a_new_address_and_the_old_one_works_until_the_overlap_ends(run, run_json, settings):
    keys = bootstrap.open_keys(settings)
    old = secret(run_json("add", "dip", *ADD))

    new = secret(run_json("rotate", "dip"))
    during = stored(settings)
    after_overlap = secret(run_json("rotate", "dip", "--end-overlap"))
    after = stored(settings)

    assert new != old
    assert (rotation_of(keys, during, old), rotation_of(keys, during, new)) == (1, 2)
    assert after_overlap == new
    assert (rotation_of(keys, after, old), rotation_of(keys, after, new)) == (None, 2)


def test_who_rotates_is_told_that_the_address_before_still_works_and_what_ends_it(run, run_json):
    """After a leak the leaked one is the address before."""
    run("add", "dip", *ADD)

    rotated, shown = run("rotate", "dip"), run("show", "dip")
    told = run_json("rotate", "dip")
    ended = run("rotate", "dip", "--end-overlap")

    for text in (rotated, shown):
        assert "The address before works too, until: executor strategy rotate dip --end-overlap" in text
    assert told["before_works"] is True
    assert "works too" not in ended and "before_works" not in run_json("show", "dip")


def test_set_keeps_the_rotated_address(run, run_json):
    run("add", "dip", *ADD)
    rotated = run_json("rotate", "dip")

    run("set", "dip", "--max-trades", "3")

    assert run_json("show", "dip")["hook_url"] == rotated["hook_url"]


def test_disable_and_enable_switch_and_say_so(run, run_json, settings):
    run("add", "dip", *ADD)

    assert run_json("disable", "dip")["enabled"] is False
    assert "OFF" in run("list")
    assert run_json("enable", "dip")["enabled"] is True
    run("enable", "dip")

    assert stored(settings).version == 3


@pytest.mark.parametrize("form", ["toml", "json"])
def test_export_and_import_bring_strategies_to_another_place(run, tmp_path, form):
    run("add", "dip", *ADD)
    run("add", "rise", *ADD, "--take-profit", "3%")
    path = tmp_path / f"all.{form}"
    path.write_text(run("export", *(["--json"] if form == "json" else [])))
    before = run("list", "--json")

    run("set", "dip", "--max-trades", "1")
    run("import", str(path))

    after = [json.loads(line) for line in run("list", "--json").splitlines()]
    expected = [json.loads(line) for line in before.splitlines()]
    assert [{**line, "version": 0} for line in after] == [{**line, "version": 0} for line in expected]
    assert [line["version"] for line in after] == [3, 1]


def test_a_table_that_does_not_say_so_switches_nothing_on(run, settings, tmp_path):
    run("add", "rise", *ADD)
    run("disable", "rise")
    lines = [line for line in run("export").splitlines() if not line.startswith("enabled")]
    (tmp_path / "all.toml").write_text("\n".join(lines))

    run("import", str(tmp_path / "all.toml"))

    assert stored(settings, "rise").enabled is False


def test_import_saves_nothing_when_one_is_wrong(run, settings, tmp_path):
    run("add", "rise", *ADD)
    text = run("export").replace("[strategy.rise]", "[strategy.new]")
    (tmp_path / "all.toml").write_text(text + text.replace("strategy.new", "strategy.bad").replace('"1%"', '"x"'))

    assert "strategy bad: stop_loss is 'x'" in run("import", str(tmp_path / "all.toml"), code=1)

    assert stored(settings, "new") is None


def test_every_change_is_in_the_audit_and_names_the_cli(run, settings):
    run("add", "dip", *ADD)
    run("disable", "dip")

    store = bootstrap.open_store(settings)
    with store.database.read() as connection:
        texts = connection.exec_driver_sql("select text from audit where kind = 'strategy'").scalars().all()
    store.database.close()

    assert [json.loads(text)["say"] for text in texts] == ["version 1 saved by cli", "version 2 saved by cli"]


def test_wrong_use_ends_with_2(run):
    run("add", code=2)
    run("add", "dip", "--protection", "maybe", code=2)
    run("import", "none.toml", code=2)
