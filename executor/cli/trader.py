"""`executor trader`."""

from __future__ import annotations

import click

from executor.bootstrap.notify import start_notices
from executor.bootstrap.trader import build_trader
from executor.cli.stopping import stop_on_signals
from executor.config.environment import open_settings
from executor.logs import start_logging
from executor.trader.memory import keep_little


@click.command()
def trader() -> None:
    """Run the trader: broker session, desk, limits, due work, notices. One a state dir; a second one refuses."""
    keep_little()
    start_logging()
    settings, stop = open_settings(), stop_on_signals()
    process = build_trader(settings)
    start_notices(settings, stop)
    process.run(stop)
