"""The command line: one file a noun. Exit codes: 0 ok, 1 failed, 2 wrong use."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from executor.errors import ExecutorError

#: Command → the module that holds it, loaded when it is used: `--help` stays quick.
_COMMANDS = {
    "account": "account",
    "alert": "alert",
    "api-token": "api_token",
    "audit": "audit",
    "backup": "backup",
    "convert": "errand",
    "db": "db",
    "demo": "demo",
    "doctor": "doctor",
    "exit": "position",
    "flatten": "halt",
    "funds": "funds",
    "halt": "halt",
    "holdings": "funds",
    "instruments": "instruments",
    "kill": "halt",
    "login": "login",
    "margin": "errand",
    "orders": "orders",
    "notify": "notify",
    "password": "password",
    "positions": "position",
    "profit": "profit",
    "protect": "position",
    "restore": "backup",
    "rehearse": "rehearse",
    "resume": "halt",
    "run": "run",
    "simulator": "simulator",
    "strategy": "strategy",
    "trader": "trader",
    "web": "web",
}


class Commands(click.Group):
    """The commands, each imported when it is asked for; errors of ours end as one line and exit code 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        found = getattr(import_module(f"executor.cli.{module}"), cmd_name.replace("-", "_"))
        assert isinstance(found, click.Command)
        return found

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (ExecutorError, OSError) as error:  # a folder that cannot be written, a port that is taken
            if isinstance(error, BrokenPipeError):
                raise  # click ends quietly when the reader of a pipe has gone
            click.echo(f"executor: {error}", err=True)
            sys.exit(1)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="executor")
def main() -> None:
    """TradingView alerts to Angel One SmartAPI orders.

    Start with `executor demo`. Then: set the login in .env, `executor db upgrade`, `executor instruments refresh`,
    `executor strategy add`, `executor password set`, `executor run`, and `executor alert template` for what to paste
    into TradingView.
    """
