"""The instrument master: taking a file of 200,000 rows, looking tickers up in it, and alerts while it is taken.

The rows are those of the simulator's listing of all segments, in no order: an order would spare the store's indexes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from threading import Event, Thread

from benchmarks.alerts import add_lanes
from benchmarks.figures import Figure, spread
from benchmarks.findings import Findings, Place
from benchmarks.latency import LANES, arrivals, product_shots, until_over
from benchmarks.sender import Sender
from benchmarks.sink import MASTER, MORNING
from benchmarks.town import BenchFailed, Town, a_town, until
from executor.bootstrap.refreshing import refresh_apart
from executor.config.calendar import load_calendar
from executor.config.environment import open_settings
from executor.domain.calendar import trading_day
from executor.domain.refusal import Refusal
from executor.domain.strategy import Protection
from executor.instruments.resolve import Asked, resolve
from executor.simulator.master import Listing

#: What charts show; shares are taken from the file.
_FUTURES = ("NSE:NIFTY1!", "NSE:BANKNIFTY2!", "NSE:RELIANCE1!", "MCX:CRUDEOIL1!", "BSE:BSX1!")
#: Runs a command from a small process: the peak of a child counts from the memory of who started it.
_MEASURED = """
import os, sys, time
began = time.monotonic()
child = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ, file_actions=[(os.POSIX_SPAWN_DUP2, 2, 1)])
_, status, used = os.wait4(child, 0)
print(time.monotonic() - began, used.ru_maxrss)
sys.exit(os.waitstatus_to_exitcode(status))
"""
_CALENDAR = load_calendar(None)
#: After a block: exits end, books are read.
_REST_S = 3.0


def measure(place: Place) -> Findings:
    """`executor instruments refresh` as a process, download included; look-ups in this one; alerts beside a load."""
    file = place.folder / "master.json"
    shares = write_master(file, place.effort.rows)
    section = f"instrument master, {place.effort.rows:,} rows"
    with a_town(*place.town_in("master"), master=file) as town:
        town.environ["SMARTAPI_MASTER_URL"] = town.environ["SMARTAPI_BASE_URL"] + MASTER
        seconds, peak = _refresh(town)
        again, peak_again = _refresh(town)
        _refresh(town)
        third, _ = _refresh(town)
        apart = _refresh_apart(town)
        figures = [
            Figure(section, "`instruments refresh`", seconds, "s", 10),
            Figure(section, "the same the next day, compared with the one before", again, "s", 10),
            Figure(section, "the same later, the oldest swept away", third, "s"),
            Figure(section, "the same as the trader takes it, with longer rests between portions", apart, "s"),
            Figure(section, "its peak memory (RSS)", max(peak, peak_again), "MB", 150),
            *_look_ups(place, town, section, shares),
            *_alerts(place, town, section),
        ]
    return Findings(figures)


def write_master(path: Path, rows: int) -> list[str]:
    """Write a file of the broker's form (smartapi.md 8); returns the shares of NSE by their tickers."""
    listed = list(Listing(trading_day(MORNING), size=rows).rows(lambda _one: True))
    Random(7).shuffle(listed)
    path.write_text(json.dumps(listed))
    shares = [row["symbol"] for row in listed if row["symbol"].endswith("-EQ") and "TEST" not in row["symbol"]]
    return [symbol.removesuffix("-EQ") for symbol in shares]


def _refresh(town: Town) -> tuple[float, float]:
    """Seconds and peak MB of the command."""
    command = [sys.executable, "-m", "executor", "instruments", "refresh", "--json"]
    done = subprocess.run([sys.executable, "-c", _MEASURED, *command], env=town.environ, capture_output=True)
    if done.returncode:
        raise BenchFailed(f"instruments refresh: {done.stderr.decode().strip()}")
    seconds, kilobytes = done.stdout.split()
    return float(seconds), float(kilobytes) / 1024


def _refresh_apart(town: Town) -> float:
    """Seconds of a load as the trader takes it."""
    began = time.monotonic()
    if not refresh_apart(open_settings(town.environ), Event()):
        raise BenchFailed("the instrument file was not taken; why stands in the store")
    return time.monotonic() - began


def _look_ups(place: Place, town: Town, section: str, shares: Sequence[str]) -> list[Figure]:
    chance = Random(7)
    kinds = {"a share": [f"NSE:{share}" for share in shares], "a continuous future": _FUTURES}
    figures = []
    for kind, tickers in kinds.items():
        found = spread([_look_up(town, chance.choice(tickers)) for _ in range(place.effort.lookups)])
        figures.append(Figure(section, f"look-up of {kind}, p50", found.p50, "ms"))
        figures.append(Figure(section, f"look-up of {kind}, p99", found.p99, "ms", 0.2 if kind == "a share" else None))
    bare = spread([_bare(town) for _ in range(place.effort.lookups)])
    figures.append(Figure(section, "a statement that asks for nothing, p50", bare.p50, "ms", note="the floor"))
    figures.append(Figure(section, "a statement that asks for nothing, p99", bare.p99, "ms", note="the floor"))
    return figures


def _bare(town: Town) -> float:
    """Milliseconds that the store takes to answer at all, by the connection that looks up."""
    began = time.perf_counter()
    with town.store.database.glance() as connection:
        connection.exec_driver_sql("SELECT 1").scalar_one()
    return (time.perf_counter() - began) * 1000


def _look_up(town: Town, ticker: str) -> float:
    """Milliseconds of one look-up."""
    exchange, _, name = ticker.partition(":")
    asked, now, calendar = Asked(exchange, name), town.now(), _CALENDAR
    began = time.perf_counter()
    found = resolve(asked, town.store.master, now=now, calendar=calendar)
    took = (time.perf_counter() - began) * 1000
    if isinstance(found, Refusal):
        raise BenchFailed(f"{ticker}: {found}")
    return took


def _alerts(place: Place, town: Town, section: str) -> list[Figure]:
    """Turns without and with a load under way, taken as the trader takes it."""
    town.start("executor", "web")
    town.start("executor", "trader")
    until(town.is_ready, "web and trader are ready")
    lanes = add_lanes(town, LANES, name="bench", protection=Protection.NONE)
    quiet = add_lanes(town, 5, name="quiet", protection=Protection.NONE)
    sender = Sender(town.port)

    def turn(seconds: float) -> list[float]:
        town.stamps()
        sent = sender.play(product_shots(lanes, quiet, seconds))
        until_over(town, _REST_S)
        arrived = arrivals(town, sent)
        pairs = [(one, arrived.get(one.answer.get("signal", ""))) for one in sent if one.shot.kind == "entry"]
        return [(at - one.sent_ns) / 1e6 for one, at in pairs if at is not None]

    turn(min(4.0, place.effort.block_s))
    calm: list[float] = []
    beside: list[float] = []
    for number in range(place.effort.turns):
        place.say(f"master: alerts without and beside a load, turn {number + 1} of {place.effort.turns}")
        calm += turn(place.effort.block_s)
        with _loading(town) as loads:
            beside += turn(place.effort.block_s)
    sender.close()
    without, during = spread(calm), spread(beside)
    note = f"{loads[0]} loads in the last turn; {without.p99:.1f} → {during.p99:.1f} ms, {during.count} entries"
    return [
        Figure(section, "alert → wire while a load runs, p50, times without", during.p50 / without.p50, "×"),
        Figure(section, "alert → wire while a load runs, p99, times without", during.p99 / without.p99, "×", 2,
               note=note),
    ]  # fmt: skip


@contextmanager
def _loading(town: Town) -> Iterator[list[int]]:
    """Loads without a break, one after another; how many were begun."""
    settings, stop, begun = open_settings(town.environ), Event(), [0]

    def load() -> None:
        while not stop.is_set():
            begun[0] += 1
            refresh_apart(settings, stop)

    thread = Thread(target=load)
    thread.start()
    try:
        yield begun
    finally:
        stop.set()
        thread.join()
