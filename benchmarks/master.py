"""The instrument master: taking a file of 200,000 rows by the command, and looking tickers up in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from random import Random

from benchmarks.figures import Figure, spread
from benchmarks.findings import Findings, Place
from benchmarks.sink import MASTER
from benchmarks.town import BenchFailed, Town, a_town
from executor.domain.refusal import Refusal
from executor.instruments.resolve import resolve

#: Of the rows, these are shares; the rest are option contracts, as in the broker's file.
_SHARES = {"NSE": 0.05, "BSE": 0.07}
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def measure(place: Place) -> Findings:
    """`executor instruments refresh` as a process, download included; then look-ups in this one."""
    file = place.folder / "master.json"
    tickers = write_master(file, place.effort.rows)
    with a_town(*place.town_in("master"), master=file) as town:
        seconds, peak = _refresh(town)
        chance = Random(7)
        chosen = [chance.choice(tickers) for _ in range(place.effort.lookups)]
        found = spread([_look_up(town, ticker) for ticker in chosen])
    name = f"instrument master, {place.effort.rows:,} rows"
    return Findings(
        [
            Figure(name, "`instruments refresh`", seconds, "s", 10),
            Figure(name, "its peak memory (RSS)", peak, "MB", 150),
            Figure(name, "look-up of a ticker, p50", found.p50, "ms"),
            Figure(name, "look-up of a ticker, p99", found.p99, "ms", 0.2),
        ]
    )


def write_master(path: Path, rows: int) -> list[str]:
    """Write a file of the broker's form (smartapi.md 8); returns the shares of NSE by their tickers."""
    shares = [f"S{number:05}" for number in range(int(rows * _SHARES["NSE"]))]
    others = [f"B{number:05}" for number in range(int(rows * _SHARES["BSE"]))]
    known = [_row("3045", "SBIN-EQ", "NSE"), _row("2885", "RELIANCE-EQ", "NSE"), _row("500112", "SBIN", "BSE")]
    with path.open("w") as out:
        out.write(json.dumps(known)[:-1])
        for number, name in enumerate(shares):
            out.write("," + json.dumps(_row(str(100_000 + number), f"{name}-EQ", "NSE")))
        for number, name in enumerate(others):
            out.write("," + json.dumps(_row(str(600_000 + number), name, "BSE")))
        for number in range(rows - len(known) - len(shares) - len(others)):
            out.write("," + json.dumps(_option(number)))
        out.write("]")
    return shares


def _row(token: str, symbol: str, segment: str) -> dict[str, str]:
    return {
        "token": token,
        "symbol": symbol,
        "name": symbol.removesuffix("-EQ"),
        "expiry": "",
        "strike": "-1.000000",
        "lotsize": "1",
        "instrumenttype": "",
        "exch_seg": segment,
        "tick_size": "5.000000",
        "freeze_qty": "100000",
    }


def _option(number: int) -> dict[str, str]:
    strike, right = 100 + 5 * (number // 24), "CE" if number % 2 else "PE"
    expiry = f"{1 + number % 28:02}{_MONTHS[number // 2 % 12]}2027"
    return {
        **_row(str(1_000_000 + number), f"NIFTY{expiry[:5]}27{strike}{right}", "NFO"),
        "name": "NIFTY",
        "expiry": expiry,
        "strike": f"{strike * 100}.000000",
        "lotsize": "75",
        "instrumenttype": "OPTIDX",
        "freeze_qty": "1800",
    }


def _refresh(town: Town) -> tuple[float, float]:
    """Seconds and peak MB of the command."""
    url = town.environ["SMARTAPI_BASE_URL"] + MASTER
    began = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "executor", "instruments", "refresh", "--json"],
        env=town.environ | {"SMARTAPI_MASTER_URL": url},
        stdout=subprocess.DEVNULL,
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise BenchFailed(f"instruments refresh ended with {process.returncode}")
    return time.monotonic() - began, used.ru_maxrss / 1024


def _look_up(town: Town, ticker: str) -> float:
    """Milliseconds of one look-up."""
    began = time.perf_counter()
    found = resolve("NSE", ticker, town.store.master)
    took = (time.perf_counter() - began) * 1000
    if isinstance(found, Refusal):
        raise BenchFailed(f"{ticker}: {found}")
    return took
