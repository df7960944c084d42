"""Write docs/reliability.md from the reports of the campaigns: `make report`, or `python -m tests.campaigns.report`.

The reports are JSON files under docs/reports/, each written by the run it tells of; nothing here is typed in by hand.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.campaigns.results import ROOT

REPORTS = ROOT / "docs" / "reports"
PAGE = ROOT / "docs" / "reliability.md"
_STORES = ("sqlite", "postgres")
#: Violations as the promise names them, and the checker that counts each.
_KINDS = ("lost", "duplicated", "orphans", "reversed", "protected", "rates", "audited")

_NIGHTS = ("squared off", "protected first", "not entered late", "ended")
_CHARTS = ("chosen", "together", "against", "protected first", "ended")

_HEAD = """# Reliability: what was tried, and what came of it

Written by `make report` from the files in `docs/reports/`, which the runs below wrote. Zero is worth as much as the
machine that could have shown one: below the zeroes stand executors with one rule broken, and what the same machine
says of them.

**Words.** *Lost*: an alert answered 2xx without exactly one true outcome at the day's end. *Duplicated*: more orders of
an entry at the exchange than planned. *Orphan*: an order of ours at the exchange that our rows do not hold, 10 s after
a good book showed it. *Reversed*: a position on the side that nobody asked for, for longer than 10 s. *Unprotected*:
more held than working stops cover, from the exchange's time of the fill to its time of the stop. All of it is read from
the simulated exchange's own books, its journal of requests and what senders were answered, never from what we believe.
"""

_TAIL = """## What this does not show

- Power loss and lying disks: a killed process loses no page that the kernel holds. What is asked of the disk is
  checked apart (`synchronous=FULL`, `fsync`, `synchronous_commit`).
- The real broker: the simulator speaks its protocol as we read it, and none of these runs touched an account.
- The order and price feeds over real sockets for days: their frames, faults and reconnects above are in one process.
- Fills, prices, or that a stop limits the loss; protection while the broker is down; that TradingView delivers.
"""


def page(reports: Path = REPORTS) -> str:
    """The whole page. A report that is not there leaves a sentence that says so."""
    weeks = [*_weeks(reports), *_charts(reports)]
    days = [*_days(reports), *_fed_days(reports), *_calm_days(reports), *_hour(reports)]
    parts = [_HEAD, *days, *weeks, *_sweep(reports), *_kills(reports), *_bad(reports), _TAIL]
    return "\n".join(part.rstrip() + "\n" for part in parts)


def _days(reports: Path) -> list[str]:
    words = (
        "Web, trader and SmartAPI client over the simulator on one thread, by books alone; alerts, faults, crashes and "
        "hands by seed; one day in 50 has all faults tenfold. `make days N=500 STORE=postgres`."
    )
    return _kind_of_days("## Simulated days", words, _found(reports, "days"))


def _fed_days(reports: Path) -> list[str]:
    words = (
        "The same days with the order feed and the price feed through the parsers and lines of the product. Beside all "
        "faults above, frames of both feeds are lost, doubled, held back and out of order, feeds fall silent while "
        "they answer pings, and connections are cut. `make days N=500 ARGS=--feeds`."
    )
    return _kind_of_days("## Simulated days with both feeds", words, _found(reports, "days-feeds"))


def _calm_days(reports: Path) -> list[str]:
    ways = (("both feeds", "days-feeds-calm"), ("books alone", "days-calm"))
    found = [(how, store, sums) for how, what in ways for store, sums in _found(reports, what)]
    title = "## From a fill to its stop when nothing goes wrong"
    if not found:
        return [f"{title}\n\nNot run yet."]
    rows = []
    for how, store, sums in found:
        spans, bad = sums["unprotected_s"], sum(sums["violations"].values())
        shown = [spans[name] for name in ("spans", "p50", "p99", "p99.9", "most")]
        rows.append([how, store, sums["days"], *shown, sums["stop_within_s"], bad, sums["commit"]])
    head = [
        "told by",
        "store",
        "days",
        "spans",
        "p50",
        "p99",
        "p99.9",
        "longest",
        "p99 at most",
        "violations",
        "sources",
    ]
    return [
        f"{title}\n\nThe days above without a fault, a crash or a hand; answers take their time and books lag as ever. "
        "Seconds in which more was held than working stops cover, by the exchange's own times. "
        '`make days N=500 ARGS="--feeds --calm"`.',
        _table(head, rows),
    ]


def _hour(reports: Path) -> list[str]:
    title, path = "## An hour of both feeds", reports / "hour.json"
    if not path.exists():
        return [f"{title}\n\nNot run yet."]
    told = json.loads(path.read_text())
    after, kept = told["stop_after_s"], told["memory_kb"]
    told_while_down = told["parts_filled_while_the_order_feed_was_down_or_silent"]
    return [
        f"{title}\n\n{told['minutes']:.0f} minutes of the virtual clock with the frame faults of the mix and each feed "
        f"down or silent a twentieth of the time, sources {told['commit']}. {told['positions']} positions were entered "
        f"in parts, {told_while_down} parts while the order feed was down or silent; the order feed was connected "
        f"{told['connections_of_the_order_feed']} times. Of {told['fills']} fills {told['fills_in_our_rows']} stand in "
        f"our rows; a part had its stop after p50 {after['p50']} s, p99 {after['p99']} s, at most {after['most']} s. "
        f"What listens held {kept['at_a_sixth']} KB more after a sixth of the time than at its begin, "
        f"{kept['at_the_end']} KB at its end. `python -m tests.campaigns.hour`.",
        _table(["fault", "struck"], [list(one) for one in told["faults"].items()]),
    ]


def _kind_of_days(title: str, words: str, found: Sequence[tuple[str, Mapping[str, Any]]]) -> list[str]:
    if not found:
        return [f"{title}\n\nNot run yet."]
    rows = []
    for name, sums in found:
        counts = [str(sums["violations"].get(kind, 0)) for kind in _KINDS]
        rows.append([name, sums["days"], sums["signals"], sums["entries"], sums["faults"].get("crash", 0), *counts])
    parts = [
        f"{title}\n\n{words}",
        _table(["store", "days", "signals", "entries filled", "crashes", *_KINDS], rows),
        *[_about(name, sums) for name, sums in found],
        "How often each fault struck:",
        _table(["fault", *[name for name, _ in found]], _counts([sums["faults"] for _, sums in found])),
    ]
    if shown := _counts([sums.get("features", {}) for _, sums in found]):
        parts += ["How often each of these came up:", _table(["feature", *[name for name, _ in found]], shown)]
    return parts


def _weeks(reports: Path) -> list[str]:
    found = _found(reports, "weeks")
    if not found:
        return ["## Simulated weeks\n\nNot run yet."]
    rows = []
    for name, sums in found:
        counts = [str(sums["violations"].get(kind, 0)) for kind in (*_KINDS, *_NIGHTS)]
        carried = sums["features"].get("carried overnight", 0)
        rows.append([name, sums["weeks"], sums["signals"], sums["entries"], carried, *counts])
    shown = _counts([sums["features"] for _, sums in found])
    faults = _counts([sums["faults"] for _, sums in found])
    stores = [name for name, _ in found]
    return [
        "## Simulated weeks\n\nFive trading days with a holiday, a weekend, an option that expires and a stock future "
        "that must be left; cash for delivery and futures are carried over nights and open with gaps; the trader is "
        "restarted in the night; faults, crashes and hands as on the days. `make weeks N=200 STORE=postgres`.",
        _table(["store", "weeks", "signals", "entries filled", "carried", *_KINDS, *_NIGHTS], rows),
        *[_about_weeks(name, sums) for name, sums in found],
        "How often each of these came up:",
        _table(["feature", *stores], shown),
        _table(["fault", *stores], faults),
    ]


def _charts(reports: Path) -> list[str]:
    found = _found(reports, "charts")
    title = "## Simulated weeks of charts that show something else than what is traded"
    if not found:
        return [f"{title}\n\nNot run yet."]
    rows = []
    for name, sums in found:
        counts = [str(sums["violations"].get(kind, 0)) for kind in (*_KINDS, *_CHARTS)]
        rows.append([name, sums["weeks"], sums["signals"], sums["entries"], *counts])
    stores = [name for name, _ in found]
    return [
        f"{title}\n\nNIFTY's options, bought at the money from the index's chart with `option.type: auto` while the "
        "index moves by several strikes, BANKNIFTY's by their premium and spread, and `NIFTY1!` over its roll; tickers "
        "are resolved from a table that is refreshed each morning. *Chosen*: an entry in another contract than the "
        "alert meant at that moment, or an add to another than is held. *Together*: two contracts of a lane held at "
        "once. *Against*: a call, a put or a future held while its chart is not on that side. "
        "`make weeks N=200 ARGS=--charts`.",
        _table(["store", "weeks", "signals", "entries filled", *_KINDS, *_CHARTS], rows),
        *[_about_weeks(name, sums) for name, sums in found],
        "How often each of these came up:",
        _table(["feature", *stores], _counts([sums["features"] for _, sums in found])),
        _table(["fault", *stores], _counts([sums["faults"] for _, sums in found])),
    ]


def _about_weeks(name: str, sums: Mapping[str, Any]) -> str:
    spans = sums["unprotected_s"]
    return (
        f"{name}: seeds {sums['seeds'][0]} to {sums['seeds'][1]}, sources {sums['commit']}, {sums['cpu_s_a_week']} "
        f"core seconds a week. Unprotected, in the hours of the exchange alone: p50 {spans['p50']} s, "
        f"p99 {spans['p99']} s, longest {spans['most']} s; {spans['over_15']} of {spans['spans']} over 15 s, "
        f"{spans['over_30']} over 30 s."
    )


def _about(name: str, sums: Mapping[str, Any]) -> str:
    spans, widest = sums["unprotected_s"], sums["widest"]
    bound = 3_000_000 / max(1, sums["acknowledged"])
    return (
        f"{name}: seeds {sums['seeds'][0]} to {sums['seeds'][1]}, sources {sums['commit']}, {sums['cpu_s_a_day']} core "
        f"seconds a day. {sums['acknowledged']} alerts were acknowledged: no loss among them bounds the rate at "
        f"{bound:.0f} in a million, with 95 % confidence under this mix (3/n). Unprotected: p50 {spans['p50']} s, "
        f"p99 {spans['p99']} s, p99.9 {spans['p99.9']} s, longest {spans['most']} s; {spans['over_15']} of "
        f"{spans['spans']} over 15 s, {spans['over_30']} over 30 s (each with its forced exit, 30 s after the fill "
        f"or the last start). Most writes a second {widest['second']}, minute {widest['minute']}, hour "
        f"{widest['hour']}; ours allow 8, 450, 950."
    )


def _counts(all_sums: Sequence[Mapping[str, int]]) -> list[list[Any]]:
    names = sorted({name for sums in all_sums for name in sums})
    return [[name, *[sums.get(name, 0) for sums in all_sums]] for name in names]


def _sweep(reports: Path) -> list[str]:
    found = [*_found(reports, "sweep"), *((f"{one} with feeds", told) for one, told in _found(reports, "sweep-feeds"))]
    if not found:
        return ["## Crash sweep\n\nNot run yet."]
    parts = [
        "## Crash sweep\n\nEach scenario is played anew for each transaction of the store and each call of the broker, "
        "with a crash before and one after it; for the core scenarios with every pair. `make sweep`."
    ]
    for name, told in found:
        rows = [list(row.values()) for row in told["rows"]]
        parts += [f"On {name}, sources {told['commit']}:", _table(list(told["rows"][0]), rows)]
    return parts


def _kills(reports: Path) -> list[str]:
    rows: list[list[Any]] = []
    ways = (
        ("forkkill", "forked processes, `make forkkills`"),
        ("kills", "real processes, `make kills`"),
        ("kills-feeds", "real processes that hear both feeds, `make kills ARGS=--feeds`"),
    )
    for what, words in ways:
        for name, told in _found(reports, what):
            rows.append([words, name, told["kills"], told["acknowledged"], told["lost"], told["doubled"]])
    if not rows:
        return ["## Kills\n\nNot run yet."]
    return ["## Kills (SIGKILL)", _table(["what", "store", "kills", "acknowledged", "lost", "doubled"], rows)]


def _bad(reports: Path) -> list[str]:
    path = reports / "bad.json"
    if not path.exists():
        return ["## Known-bad executors\n\nNot run yet."]
    rows = json.loads(path.read_text())["rows"]
    return [
        "## Known-bad executors\n\nOurs with one rule broken, on a campaign of its own, and ours on the same campaign.",
        _table(list(rows[0]), [list(row.values()) for row in rows]),
    ]


def _found(reports: Path, what: str) -> list[tuple[str, Mapping[str, Any]]]:
    paths = [(store, reports / f"{what}-{store}.json") for store in _STORES]
    return [(store, json.loads(path.read_text())) for store, path in paths if path.exists()]


def _table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def main() -> int:
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
