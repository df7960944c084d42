"""The command: measure on each store, write the results, render the document; 1 when a figure is missed.

Some measurements alone (`--only`) are laid over the results that there are; the document says which is of when.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from benchmarks import burst, kill, latency, log, master, prices, protect, stages, start
from benchmarks.findings import QUICK, Effort, Findings, Place
from benchmarks.machine import describe, load
from benchmarks.render import document, table
from benchmarks.stores import STORES

ROOT = Path(__file__).resolve().parents[1]
RESULTS, DOCUMENT = ROOT / "benchmarks" / "results", ROOT / "docs" / "benchmarks.md"
MEASURES = {
    "latency": latency.measure,
    "stages": stages.measure,
    "burst": burst.measure,
    "protect": protect.measure,
    "prices": prices.measure,
    "kill": kill.measure,
    "start": start.measure,
    "master": master.measure,
    "log": log.measure,
}
#: What DESIGN.md asks and nothing here can measure yet.
HOLES = [
    "lost, duplicated entries, orphans in simulated days and kills: `make days`, `make sweep`, `make kills`",
]


@click.command(help="Measure what DESIGN.md promises in figures; with --render only write docs/benchmarks.md anew.")
@click.option("--store", "stores", type=click.Choice(list(STORES)), multiple=True, help="Default: both.")
@click.option(
    "--only",
    type=click.Choice(list(MEASURES)),
    multiple=True,
    help="Some measurements, laid over the results of the others.",
)
@click.option("--quick", is_flag=True, help="A short run that shows that all of it works; nothing is written.")
@click.option("--render", is_flag=True, help="Write the document from the results that are there, measure nothing.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as one JSON value.")
def main(*, stores: tuple[str, ...], only: tuple[str, ...], quick: bool, render: bool, as_json: bool) -> None:
    """Measure, write, tell."""
    results = [] if render else [_run(store, only or tuple(MEASURES), quick=quick) for store in stores or STORES]
    if not quick:
        for result in results:
            _keep(result)
        DOCUMENT.write_text(document([json.loads(path.read_text()) for path in sorted(RESULTS.glob("*.json"))]))
    click.echo(json.dumps(results) if as_json else "\n".join(table(result) for result in results))
    missed = [figure for result in results for figure in result["figures"] if figure["passes"] is False]
    sys.exit(1 if missed and not quick else 0)


def _keep(result: dict[str, Any]) -> None:
    """Write what was measured over what there is of the same."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{result['store']}.json"
    kept = laid_over(json.loads(path.read_text()), result) if path.exists() else result
    path.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")


def laid_over(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Results with those of a later run in the place of the same; a measurement knows when and where it was taken."""
    names = [one["name"] for one in new["measured"]]
    measured = [one for one in old.get("measured", []) if one["name"] not in names] + new["measured"]
    figures = {(one["section"], one["name"]): one for one in (*old["figures"], *new["figures"])}
    return {**new, "measured": measured, "figures": list(figures.values()), "tables": old["tables"] | new["tables"]}


def _run(store: str, names: tuple[str, ...], *, quick: bool) -> dict[str, Any]:
    """All measurements on one store, as JSON."""
    effort, before, began = QUICK if quick else Effort(), load(), datetime.now(UTC)
    figures: list[dict[str, Any]] = []
    tables: dict[str, list[dict[str, Any]]] = {}
    notes, measured = list(HOLES), []
    with STORES[store]() as fresh_url, TemporaryDirectory(prefix="bench-") as folder:
        place = Place(store, fresh_url, Path(folder), effort, lambda text: click.echo(f"{store}: {text}", err=True))
        for name in names:
            place.say(f"{name} …")
            at = f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC"
            found: Findings = MEASURES[name](place)
            for figure in found.figures:
                place.say(f"  {figure.section}: {figure.name}: {figure.value:.3g} {figure.unit} {figure.note}")
            figures += [figure.as_json() for figure in found.figures]
            tables |= found.tables
            notes += found.notes
            measured.append({"name": name, "at": at, "load": load()})
        machine = describe(fresh_url(Path(folder) / "machine"))
    return {
        "store": store,
        "at": f"{began:%Y-%m-%d %H:%M} UTC",
        "quick": quick,
        "machine": machine,
        "load": {"before": before, "after": load()},
        "measured": [{**one, "commit": machine["commit"]} for one in measured],
        "figures": figures,
        "tables": tables,
        "notes": notes,
    }


if __name__ == "__main__":
    main()
