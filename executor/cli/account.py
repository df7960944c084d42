"""`executor account`: the broker logins that there are, and the limits over all strategies of each."""

from __future__ import annotations

import json
import re
from typing import Any, TextIO

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executor import bootstrap
from executor.alerts.address import postback_url
from executor.bootstrap.logins import check_client
from executor.cli.account_login import file_option, said_login
from executor.cli.command import BY, Room, as_json_option, open_room
from executor.cli.noun import Noun
from executor.cli.settings import CountOrNone
from executor.config.account import rails_fields, rails_from
from executor.config.environment import Settings, login_kind, open_settings
from executor.config.login import login_from, seal_login
from executor.config.strategy_file import laid_over
from executor.domain.strategy import Account, AccountKind, AccountRails
from executor.errors import ConfigError
from executor.store.accounts import Accounts
from executor.store.logins import Logins

_COUNT = CountOrNone()
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,39}", re.ASCII)
_NEXT = (
    ", halted. Next: `executor account set {0} --max-daily-loss …`, `executor rehearse --account {0}`, "
    "`executor account unhalt {0} --confirm {0}`"
)
#: What each limit holds, with its unit.
_MEANS = {
    "max_order_quantity": "units of one entry",
    "max_notional": "rupees of all positions together",
    "max_open": "positions at a time",
    "max_trades": "entries a day",
    "max_daily_loss": "rupees lost in a day, then flat and halted",
}


@click.group(cls=Noun)
def account() -> None:
    """Accounts: the broker logins, live or paper, and the limits over all their strategies.

    `paper` is always there; `default` is made when its login is set in the environment, all others by `add`.

    \b
        executor account list
        executor account set default --max-daily-loss 20000 --max-open 10
    """


@account.command("add")
@click.argument("name")
@file_option
@click.option("--public-ip", metavar="IP", help="The IPv4 address that is registered with the API key.")
@click.option("--local-ip", metavar="IP", help="This machine's own address, for the broker's headers.")
@click.option("--mac", metavar="MAC", help="This machine's MAC address, for the broker's headers.")
@as_json_option
def add(*, name: str, login_file: TextIO | None, as_json: bool, **addresses: str | None) -> None:
    """Add a broker login under a name of yours; its secrets are asked without echo and kept sealed.

    A running trader takes it on within seconds. A live account starts halted: set its limits, `executor rehearse
    --account NAME`, then `executor account unhalt`.

    \b
        executor account add second --public-ip 203.0.113.7
        executor account add second --login-file second.env
    """
    settings = open_settings()
    with open_room(settings) as room:
        _check_new(room, name)
        said = said_login(login_file, addresses)
        check_client(settings, room.store, name, login_from(said, settings.broker_urls))
        made = Account(name, login_kind(settings.broker_urls))
        ids = bootstrap.make_ids(room.clock, room.store.recovery)
        sealed = seal_login(bootstrap.open_keys(settings), said)
        room.store.people.add_account(made, by=BY, at=room.clock.now(), new_id=ids.new, login=sealed)
    if as_json:
        click.echo(json.dumps(_shown(made)))
    else:
        click.echo(f"{name}: {made.kind}{_NEXT.format(name) if made.kind is AccountKind.LIVE else ''}")


@account.command("set-login")
@click.argument("name")
@file_option
@click.option("--public-ip", metavar="IP", help="The IPv4 address that is registered with the API key.")
@click.option("--local-ip", metavar="IP", help="This machine's own address, for the broker's headers.")
@click.option("--mac", metavar="MAC", help="This machine's MAC address, for the broker's headers.")
def set_login(*, name: str, login_file: TextIO | None, **addresses: str | None) -> None:
    """Give an account another API key, PIN or TOTP secret: all of the login is asked for, as by `add`.

    It counts from the next start of the trader.

    \b
        executor account set-login second
    """
    settings = open_settings()
    with open_room(settings) as room:
        logins = Logins(room.store.database)
        if name not in logins.all():
            raise ConfigError(f"account {name} has no login of its own; `executor account add` makes one that has")
        said = said_login(login_file, addresses)
        check_client(settings, room.store, name, login_from(said, settings.broker_urls))
        logins.replace(name, seal_login(bootstrap.open_keys(settings), said), by=BY, at=room.clock.now())
    click.echo(f"{name}: its login is replaced; restart the trader")


@account.command("list")
@as_json_option
def list_(*, as_json: bool) -> None:
    """All accounts with their limits; with --json one line each."""
    with open_room(open_settings()) as room:
        found = room.store.people.accounts()
    if as_json:
        for one in found:
            click.echo(json.dumps(_shown(one)))
    else:
        _print_table(found)


@account.command("show")
@click.argument("name")
@as_json_option
def show(*, name: str, as_json: bool) -> None:
    """One account with its limits, and the address at which the broker may tell of its orders.

    \b
        executor account show default
    """
    settings = open_settings()
    with open_room(settings) as room:
        found = _known(room, name)
    url = None if found.kind is AccountKind.PAPER else _postback(settings, name)
    if as_json:
        click.echo(json.dumps(_shown(found) | ({"postback_url": url} if url else {})))
        return
    _print(found, as_json=False)
    if url is not None:
        click.echo(f"postback address, to enter at the broker (a secret): {url}")


def _postback(settings: Settings, name: str) -> str:
    return postback_url(bootstrap.open_keys(settings), name, settings.public_url)


@account.command("set")
@click.argument("name")
@click.option("--max-order-quantity", metavar="UNITS", type=_COUNT, help="Largest entry, in units (such as 500).")
@click.option("--max-notional", metavar="RUPEES", help="Rupees of all positions together (such as 1000000).")
@click.option("--max-open", metavar="N", type=_COUNT, help="Positions at a time (such as 10).")
@click.option("--max-trades", metavar="N", type=_COUNT, help="Entries a day (such as 50).")
@click.option(
    "--max-daily-loss", metavar="RUPEES", help="Rupees lost in a day, then all is flattened and halted (such as 20000)."
)
@as_json_option
def set_(*, name: str, as_json: bool, **said: Any) -> None:
    """Set limits over all strategies of an account; they count from the next entry.

    Each strategy keeps its own limits, and the narrower wins. Exits pass them all. What is not named stays; "none"
    takes a limit away.

    \b
        executor account set default --max-open 10 --max-daily-loss 20000
        executor account set default --max-trades none
    """
    with open_room(open_settings()) as room:
        _known(room, name)

        def change(rails: AccountRails) -> AccountRails:
            return rails_from(laid_over(rails_fields(rails), said), account=name)

        _print(room.store.people.change_rails(name, change, by=BY, at=room.clock.now()), as_json=as_json)


@account.command("unhalt")
@click.argument("name")
@click.option("--confirm", required=True, metavar="NAME", help="The account's name again: from then on alerts trade.")
@as_json_option
def unhalt(*, name: str, confirm: str, as_json: bool) -> None:
    """End the halt with which a live account begins: from then on its alerts are traded with real money.

    It takes limits of the account (`executor account set`: the loss of a day, and a size or value) and a rehearsal that
    passed (`executor rehearse`). Other halts are ended by `executor resume`.

    \b
        executor account unhalt default --confirm default
    """
    if confirm != name:
        raise click.UsageError(f"--confirm: expected {name}, was {confirm!r}; nothing was done")
    with open_room(open_settings()) as room:
        ended = Accounts(room.store.database).unhalt(_known(room, name), by=BY, at=room.clock.now())
        left = [halt.why for halt in room.store.pages.standing().halts if halt.scope in ("ALL", f"account:{name}")]
    if as_json:
        click.echo(json.dumps({"account": name, "ended": ended, "halts": left}))
        return
    click.echo(
        f"{name}: its first halt is ended" if ended else f"{name}: it was not in its first halt; nothing was done"
    )
    for why in left:
        click.echo(f"still in force: {why}; `executor resume`")


def _check_new(room: Room, name: str) -> None:
    """Raises ConfigError for a name that cannot be an account's, or is one's."""
    if not _NAME.fullmatch(name):
        raise ConfigError(f"{name!r} is no name for an account; give letters, digits, dash and underscore, 40 at most")
    if name == bootstrap.DEFAULT_ACCOUNT:
        raise ConfigError(f"{name} takes its login from the environment: SMARTAPI_API_KEY and what goes with it")
    if room.store.people.account(name) is not None:
        raise ConfigError(f"there is an account {name} already; `executor account set-login {name}` replaces its login")


def _known(room: Room, name: str) -> Account:
    found = room.store.people.account(name)
    if found is None:
        known = ", ".join(one.name for one in room.store.people.accounts())
        raise ConfigError(f"there is no account {name!r}; there are: {known}")
    return found


def _shown(of: Account) -> dict[str, Any]:
    return {"name": of.name, "kind": of.kind, **rails_fields(of.rails)}


def _print(of: Account, *, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_shown(of)))
        return
    click.echo(f"{of.name}: {of.kind}")
    for name, value in rails_fields(of.rails).items():
        click.echo(f"  {name:20} {_said(value):12} {_MEANS[name]}")


def _print_table(found: list[Account]) -> None:
    table = Table(box=None, pad_edge=False)
    for head in ("account", "kind", *(name.replace("_", " ") for name in _MEANS)):
        table.add_column(head, overflow="fold")
    for one in found:
        table.add_row(*(Text(_said(value)) for value in _shown(one).values()))
    Console(highlight=False).print(table)


def _said(value: object) -> str:
    return "no limit" if value is None else str(value)
