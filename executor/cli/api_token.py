"""`executor api-token`: who may use the API, and how far it reaches."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

from executor import bootstrap
from executor.cli.command import BY, as_json_option, open_room
from executor.cli.noun import Noun
from executor.clock import IST, SystemClock
from executor.config.environment import open_settings
from executor.errors import ConfigError
from executor.store.tokens import ApiToken, Scope, Tokens

_LONGEST_DAYS = 3650


@click.group(cls=Noun)
def api_token() -> None:
    """Tokens of the API: programs show one as `Authorization: Bearer …`.

    \b
        executor api-token create --name grafana --scope read
        executor api-token list
    """


@api_token.command("create")
@click.option("--name", required=True, metavar="N", help="Who it is for, such as grafana; it stands in the audit.")
@click.option(
    "--scope",
    required=True,
    type=click.Choice([scope.value for scope in Scope]),
    help="read: see what the pages show. trade: do what they do, too.",
)
@click.option("--expires", metavar="DAYS", type=click.IntRange(1, _LONGEST_DAYS), help="Days that it lives.")
@as_json_option
def create(*, name: str, scope: str, expires: int | None, as_json: bool) -> None:
    """Make a token and print it, this once: only its hash is kept.

    Without --expires it lives until `executor api-token revoke`.

    \b
        executor api-token create --name grafana --scope read
        curl -H "Authorization: Bearer $TOKEN" localhost:8080/api/v1/positions
    """
    now = SystemClock().now()
    ends_at = None if expires is None else now + timedelta(days=expires)
    with open_room(open_settings()) as room:
        new_id = bootstrap.make_ids(room.clock, room.store.recovery).new
        tokens = Tokens(room.store.database)
        made, text = tokens.create(name, Scope(scope), ends_at=ends_at, at=now, by=BY, new_id=new_id)
    if as_json:
        click.echo(json.dumps({**_shown(made), "token": text}))
        return
    click.echo(f"token {name}, scope {scope}, {_end(made)}. It is shown this once:\n{text}")


@api_token.command("list")
@as_json_option
def list_(*, as_json: bool) -> None:
    """All tokens, revoked ones too; with --json one line each. Their texts are not kept."""
    now = SystemClock().now()
    with open_room(open_settings()) as room:
        found = Tokens(room.store.database).all()
    if as_json:
        for one in found:
            click.echo(json.dumps({**_shown(one), "valid": one.is_valid(now)}))
    elif found:
        table = Table(box=None, pad_edge=False)
        for head in ("name", "scope", "made", "valid"):
            table.add_column(head, overflow="fold")
        for one in found:
            made = f"{one.created_at.astimezone(IST):%d %b %Y}"
            table.add_row(*map(Text, (one.name, one.scope, made, _end(one) if one.is_valid(now) else "no more")))
        Console(highlight=False).print(table)
    else:
        click.echo("there is no token yet; make one with `executor api-token create`")


@api_token.command("revoke")
@click.argument("name")
@as_json_option
def revoke(*, name: str, as_json: bool) -> None:
    """End a token: what still shows it is answered 401 from now on.

    \b
        executor api-token revoke grafana
    """
    with open_room(open_settings()) as room:
        found = Tokens(room.store.database).revoke(name, at=SystemClock().now(), by=BY)
    if found is None:
        raise ConfigError(f"there is no valid token {name!r}; see `executor api-token list`")
    click.echo(json.dumps({"id": found.id, "name": name, "revoked": True}) if as_json else f"token {name} is revoked")


def _shown(one: ApiToken) -> dict[str, Any]:
    ends_at = one.ends_at and one.ends_at.isoformat()
    return {
        "id": one.id,
        "name": one.name,
        "scope": one.scope,
        "created_at": one.created_at.isoformat(),
        "ends_at": ends_at,
    }


def _end(one: ApiToken) -> str:
    return "until it is revoked" if one.ends_at is None else f"until {one.ends_at.astimezone(IST):%d %b %Y %H:%M} IST"
