"""What it costs to hear a price feed: 200 instruments, ten packets a second each, told to a loop in its own time."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from random import Random

from benchmarks.figures import Figure
from benchmarks.findings import Findings, Place
from benchmarks.memory import own_mb
from benchmarks.ticker_host import PACKETS_A_SECOND
from executor.bootstrap.feeds import GATHER_S
from executor.broker.smartapi.price_feed import PriceFeed
from executor.broker.smartapi.socket import open_socket
from executor.clock import SystemClock
from executor.domain.instrument import InstrumentKey, Segment
from executor.trader.feeds import Line, ThreadFeeds
from executor.trader.loop import SWEEP_S

_INSTRUMENTS = 200
_WARM_S = 2.0
_SHARE = 0.2


def measure(place: Place) -> Findings:
    """Processor time of this process, in which nothing else happens, over the time that passed."""
    host = subprocess.Popen([sys.executable, "-m", "benchmarks.ticker_host"], stdout=subprocess.PIPE)
    assert host.stdout is not None
    try:
        url = json.loads(host.stdout.readline())["url"]
        share, heard, grown = _listen(url, place.effort.block_s)
    finally:
        host.terminate()
        host.wait()
        host.stdout.close()
    note = f"{_INSTRUMENTS} instruments, {heard:.0f} packets a second heard"
    return Findings(
        [
            Figure("price feed", "of a core", share, "", _SHARE, note=note),
            Figure("price feed", "memory it grows by", grown, "MB", note=f"within {place.effort.block_s:.0f} s"),
            Figure(
                "price feed", "heard", heard, "/s", _INSTRUMENTS * PACKETS_A_SECOND * 0.95, least=True, note="of 2000"
            ),
        ]
    )


def _listen(url: str, seconds: float) -> tuple[float, float, float]:
    """Share of a core, packets heard a second, and by how many MB this process grew."""
    clock = SystemClock()
    source = _Counted(clock.now)
    line = Line(
        "prices",
        connect=lambda: open_socket(url, {}),
        token=lambda: "any",
        talk=source,
        refused=lambda: None,
        failed=lambda: None,
        clock=clock,
        chance=Random(1),
        pause_s=GATHER_S,
    )
    feeds = ThreadFeeds(prices=(line, source))
    watching = frozenset(InstrumentKey(Segment.NFO, str(50_000 + number)) for number in range(_INSTRUMENTS))
    feeds.tend(is_open=True, doubted=False, watching=watching)
    try:
        _hear(feeds, _WARM_S)
        memory, heard, began, used = own_mb(), source.heard, time.monotonic(), time.process_time()
        _hear(feeds, seconds)
        passed = time.monotonic() - began
        return (time.process_time() - used) / passed, (source.heard - heard) / passed, own_mb() - memory
    finally:
        feeds.stop()


def _hear(feeds: ThreadFeeds, seconds: float) -> None:
    for _ in range(round(seconds / SWEEP_S)):
        feeds.news()
        time.sleep(SWEEP_S)


class _Counted(PriceFeed):
    """Counts the packets."""

    heard = 0

    def take(self, frame: bytes | str) -> None:
        self.heard += 1
        super().take(frame)
