"""`executor password`: the one password of the pages."""

from __future__ import annotations

import sys

import click
from werkzeug.security import generate_password_hash

from executor import bootstrap
from executor.cli.noun import Noun
from executor.config.environment import open_settings
from executor.web.login import PERSON

SHORTEST = 8


@click.group(cls=Noun)
def password() -> None:
    """The password of the pages."""


@password.command("set")
@click.option("--stdin", "from_stdin", is_flag=True, help="Read it from standard input instead of asking twice.")
def set_(*, from_stdin: bool) -> None:
    """Set or replace the password of `trader`. Everyone who is logged in has to log in again.

    \b
        executor password set
        printf %s "$PASSWORD" | executor password set --stdin
    """
    if not from_stdin and not _on_terminal():
        raise click.UsageError("there is no terminal to ask on; use --stdin")
    text = sys.stdin.readline().rstrip("\r\n") if from_stdin else _ask_twice()
    if len(text) < SHORTEST:
        raise click.ClickException(f"the password has {len(text)} characters; it needs {SHORTEST} or more")
    settings = open_settings()
    store = bootstrap.open_store(settings)
    store.people.set_password(PERSON, generate_password_hash(text), at=bootstrap.clock_of(settings).now())
    click.echo(f"password set; log in as {PERSON} at {settings.public_url}/login")


def _ask_twice() -> str:
    return str(click.prompt(f"New password for {PERSON}", hide_input=True, confirmation_prompt="Once more"))


def _on_terminal() -> bool:
    return sys.stdin.isatty()
