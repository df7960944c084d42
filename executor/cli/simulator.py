"""`executor simulator`: a SmartAPI on loopback to trade against without money."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from executor.cli.stopping import stop_on_signals
from executor.clock import IST, SimulatedClock
from executor.config.environment import SETTINGS
from executor.simulator.config import SimulatorConfig
from executor.simulator.exchange.rules import Rules
from executor.simulator.holidays import evenings, published
from executor.simulator.server import SimulatorServer


class _Moment(click.ParamType[datetime | None]):
    """`real`, or a time in India: None stands for real."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime | None:
        if value == "real":
            return None
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f'{value!r} is neither "real" nor a time such as "2026-11-25 09:20"', param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=IST)


@click.command("simulator")
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="0 takes a free one.")
@click.option("--order-feed-port", type=click.IntRange(0, 65535), default=0, help="By default a free one.")
@click.option("--price-feed-port", type=click.IntRange(0, 65535), default=0, help="By default a free one.")
@click.option("--seed", type=int, default=1, show_default=True, help="Makes login, ids and prices.")
@click.option(
    "--clock", "start", type=_Moment(), default="real", show_default=True, help='"real", or where time begins.'
)
@click.option("--speed", type=click.FloatRange(min=0.0), default=1.0, show_default=True, help="How fast time runs.")
@click.option(
    "--clock-file",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="EXECUTOR_CLOCK_FILE",
    help="Publish the simulated time here, for web, trader and CLI to follow.",
)
@click.option(
    "--master-rows",
    type=click.IntRange(50_000, 400_000),
    help="Serve an instrument file of about so many rows, as in reality (200000); by default it has about 1500.",
)
@click.option(
    "--env-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the settings for it into this new file, such as .env: what `executor run` beside it needs.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the description as one line of JSON.")
def simulator(
    *,
    port: int,
    order_feed_port: int,
    price_feed_port: int,
    seed: int,
    start: datetime | None,
    speed: float,
    clock_file: Path | None,
    master_rows: int | None,
    env_file: Path | None,
    as_json: bool,
) -> None:
    """Run an exchange that speaks the Angel One SmartAPI wire, on 127.0.0.1, until it is stopped.

    It prints the addresses and the login that a client needs; both are worthless elsewhere. Orders match against
    seeded prices that move in trading hours only (Mon-Fri 09:15-15:30 IST, derivatives to 15:40, MCX 09:00-23:30, not
    on holidays), so start it inside them. Futures and options follow their underlying:

    \b
        executor simulator --clock "2026-11-25 09:20" --env-file .env

    Under control_url a test or a curious person looks and plays, C being that address:

    \b
        curl $C/state                                              all it knows
        curl $C/price -d '{"exchange":"NSE","token":"99926000","ltp":25150}'
        curl $C/band -d '{"exchange":"NSE","token":"3045","low":780,"high":850}'
        curl $C/spread -d '{"exchange":"NSE","token":"3045","bid":808,"ask":812}'
        curl $C/split -d '{"exchange":"NSE","token":"3045","factor":5}'
        curl $C/order -d '{...}'                 as placeOrder, by another hand
        curl $C/order/ID/fill -d '{"quantity":5,"price":809}'      or .../cancel
        curl $C/fault -d '{"route":"placeOrder","kind":"cut_after"}'
        curl $C/fault -d '{"route":"order_feed","kind":"silence","seconds":60}'
        curl $C/fault -d '{"route":"master","kind":"fewer_rows","of":10}'
        curl $C/clock -d '{"to":"2026-11-25 15:29"}'  forward only; "speed" too
        curl $C/reset -d '{"holidays":["2026-11-26"]}'             begin anew

    A price is held once it is set; band and spread without prices are lifted. A fault takes "times", "after" and
    "match" (fields of the request); an unknown route or kind is answered with those that there are.
    """
    clock_file = _clock_file(env_file, clock_file)
    stopped = stop_on_signals()
    clock = SimulatedClock(start, speed=speed, publish=clock_file)
    try:
        feed_ports = (order_feed_port, price_feed_port)
        server = SimulatorServer(_config(seed, master_rows), clock, port=port, feed_ports=feed_ports)
    except OSError as error:
        ports = ", ".join(str(one) for one in (port, *feed_ports) if one)
        raise click.ClickException(
            f"port {ports} cannot be used: {error.strerror}; choose another with --port"
        ) from error
    with server:
        told = server.describe()
        if env_file is not None and clock_file is not None:
            _write_settings(env_file, told, clock_file)
        click.echo(_text(told, as_json=as_json))
        stopped.wait()


def _config(seed: int, master_rows: int | None) -> SimulatorConfig:
    return SimulatorConfig(
        seed=seed, master_rows=master_rows or 0, all_follow=True, rules=Rules(holidays=published(), evenings=evenings())
    )


def _clock_file(env_file: Path | None, given: Path | None) -> Path | None:
    """Where the time is published; beside the settings when nothing else is said."""
    if env_file is None:
        return given
    if env_file.exists():
        raise click.UsageError(f"{env_file} is there already, perhaps with a real login: move it away first")
    return given or env_file.with_name("clock.json")


def _write_settings(path: Path, told: dict[str, Any], clock_file: Path) -> None:
    """What is printed, as settings; only its owner reads it, as a real login's."""
    names = [name for name in told if f"SMARTAPI_{name.upper()}" in SETTINGS]
    lines = [f"SMARTAPI_{name.upper()}={told[name]}" for name in names] + [f"EXECUTOR_CLOCK_FILE={clock_file}"]
    path.touch(mode=0o600)
    path.write_text("\n".join(["# A simulated exchange; its clock runs while it does.", *lines, ""]))


def _text(description: dict[str, Any], *, as_json: bool) -> str:
    if as_json:
        return json.dumps(description)
    return "\n".join(f"{name:15} {value if value is not None else '-'}" for name, value in description.items())
