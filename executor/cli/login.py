"""`executor login`: how an account's session stands, and a TOTP code for one that waits for it.

The code is sealed into a command; the account's trader uses it at once and answers.
"""

from __future__ import annotations

import json
import re
from datetime import datetime
from threading import Event as Flag
from typing import Any

import click

from executor import bootstrap
from executor.cli.command import BY, Room, as_json_option, open_room
from executor.clock import IST
from executor.config.environment import open_settings
from executor.config.secrets import seal
from executor.domain.command import Command, CommandKind, CommandState
from executor.store.accounts import Accounts

_CODE = re.compile(r"[0-9]{6}")
#: How long the trader's answer is waited for: it looks for codes every second, and a login takes its time.
_WAIT_S = 12.0
_LOOK_S = 0.1
_SHOWN = 3


@click.command()
@click.option("--account", default=bootstrap.DEFAULT_ACCOUNT, show_default=True, metavar="NAME", help="Whose session.")
@click.option("--totp", metavar="CODE", help="The six digits of this moment; for an account without a TOTP secret.")
@as_json_option
def login(*, account: str, totp: str | None, as_json: bool) -> None:
    """Show how the session stands and what came of the last logins; with --totp, log in.

    The trader logs in by itself every trading morning at 08:30 when SMARTAPI_TOTP_SECRET is set. Without the secret
    nothing is traded until a code is given here.

    \b
        executor login
        executor login --totp 123456
    """
    if totp is not None and not _CODE.fullmatch(totp):
        raise click.UsageError("--totp: expected the six digits that the authenticator app shows now")
    with open_room(open_settings()) as room:
        answer = _log_in(room, account, totp) if totp is not None else None
        shown = _stands(room, account)
    if as_json:
        click.echo(json.dumps({**shown, **({"answer": answer.answer, "state": answer.state} if answer else {})}))
    else:
        _print(shown, answer)
    if answer is not None and answer.state is not CommandState.DONE:
        raise SystemExit(1)


def _log_in(room: Room, account: str, code: str) -> Command:
    """Hand the code to the account's trader, and see what it answers."""
    arguments = {"totp": seal(bootstrap.open_keys(room.settings), code)}
    scope, at = f"account:{account}", room.clock.now()
    made = room.store.commands.record(
        CommandKind.LOGIN, scope=scope, arguments=arguments, by=BY, why="a code was typed", at=at
    )
    pause, until = Flag(), room.clock.monotonic() + _WAIT_S
    while True:
        (found,) = room.store.commands.answers(made)
        if found.state is not CommandState.NEW or room.clock.monotonic() >= until:
            return found
        pause.wait(_LOOK_S)


def _stands(room: Room, account: str) -> dict[str, Any]:
    standing = room.store.pages.standing()
    beat = next((beat for known, beat in standing.accounts if known.name == account), None)
    saved = room.store.ledger.session(account)
    tried = Accounts(room.store.database).last_logins(account, most=_SHOWN)
    scope = f"account:{account}"
    return {
        "account": account,
        "open": bool(beat and beat.holder and beat.status.get("session")),
        "opened_at": saved.opened_at.isoformat() if saved and saved.opened_at else None,
        "ends_at": saved.ends_at.isoformat() if saved and saved.ends_at else None,
        "logins": [{"at": one.at.isoformat(), "status": one.status, "answer": one.answer} for one in tried],
        "halts": [one.why for one in standing.halts if one.scope in ("ALL", scope)],
        "trader": bool(beat and beat.holder),
    }


def _print(shown: dict[str, Any], answer: Command | None) -> None:
    account = shown["account"]
    if answer is not None:
        said = answer.answer or "recorded, but no answer came: is a trader running? The code is good for a minute"
        click.echo(f"{account}: {said}")
    state = "open" if shown["open"] else "not open"
    trader = "" if shown["trader"] else "; no trader has this account now"
    click.echo(f"{account}: the session is {state}{trader}")
    if shown["opened_at"]:
        click.echo(f"  opened {_local(shown['opened_at'])}, ends {_local(shown['ends_at'])}")
    for one in shown["logins"]:
        told = f"HTTP {one['status']} {one['answer']}" if one["status"] is not None else "no answer"
        click.echo(f"  login tried {_local(one['at'])}: {told[:200]}")
    for why in shown["halts"]:
        click.echo(f"  halted: {why}")


def _local(text: str) -> str:
    return f"{datetime.fromisoformat(text).astimezone(IST):%d-%m-%Y %H:%M:%S} IST"
