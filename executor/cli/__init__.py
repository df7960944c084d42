"""The command line: one file a noun. Exit codes: 0 ok, 1 failed, 2 wrong use."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from executor.cli.noun import LONGEST
from executor.errors import ExecutorError

#: Command → the module that holds it, loaded when it is used; in the groups in which help shows them.
_GROUPS: dict[str, dict[str, str]] = {
    "Begin": {
        "demo": "demo",
        "run": "run",
        "doctor": "doctor",
        "password": "password",
    },
    "Set up": {
        "strategy": "strategy",
        "alert": "alert",
        "account": "account",
        "instruments": "instruments",
        "notify": "notify",
        "api-token": "api_token",
    },
    "Look": {
        "audit": "audit",
        "positions": "position",
        "orders": "orders",
        "profit": "profit",
        "funds": "funds",
        "holdings": "funds",
        "margin": "errand",
    },
    "Step in": {
        "halt": "halt",
        "flatten": "halt",
        "kill": "halt",
        "resume": "halt",
        "exit": "position",
        "protect": "position",
        "convert": "errand",
    },
    "The broker's login": {
        "login": "login",
        "rehearse": "rehearse",
    },
    "Keep": {
        "backup": "backup",
        "restore": "backup",
        "db": "db",
    },
    "Processes one by one": {
        "web": "web",
        "trader": "trader",
        "simulator": "simulator",
    },
}
_COMMANDS = {name: module for group in _GROUPS.values() for name, module in group.items()}


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

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        for title, group in _GROUPS.items():
            found = [(name, self.get_command(ctx, name)) for name in group]
            with formatter.section(title):
                formatter.write_dl([(name, one.get_short_help_str(LONGEST)) for name, one in found if one])

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

    Every command has --help, every list --json. Exit codes: 0 ok, 1 failed, 2 wrong use. `executor demo` shows all of
    it on a simulated exchange. Then, on paper until the login is set in .env:

    \b
        executor run
        executor password set
        executor strategy add trend --account paper --tickers NSE:SBIN \\
            --product intraday --quantity 10 --max-quantity 20 --stop-loss 1%
        executor alert template trend
    """
