"""Alert received → order on the broker's wire, beside control and floor, in blocks that take turns on one machine.

The load is ten alerts a second, 100 ms apart. Our own limits let 360 entries and exits a minute and 760 an hour
leave, so not each of ten may be an order, or the figure would be that of the limits: a quarter are entries, a quarter
the exits that close them five seconds later, half are exits of lanes that hold nothing; those go all the way to a
decision and its commit, but send nothing. The strategies have no stop for the same reason. So some thirteen brackets
are open at any time, and not one entry waits for a permit (which is checked). The control (control.py) does its insert
and its POST for each of ten a second, the floor (floor.py) its two inserts, its hop and its POST.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from subprocess import Popen
from typing import Any

from sqlalchemy import func, select

from benchmarks import floor
from benchmarks.alerts import LaneAlerts, add_lanes, tags_of
from benchmarks.figures import Figure, Spread, percentile, spread
from benchmarks.findings import Findings, Place
from benchmarks.memory import pss_mb
from benchmarks.parts import PITCH_S, body, parts
from benchmarks.sender import Sender, Sent, Shot
from benchmarks.town import Town, a_town, answers, free_port, until
from executor.domain.strategy import Protection
from executor.store import schema

#: An entry every 400 ms, 25 lanes, each left after five seconds and entered again after ten.
_EVERY_S, _HELD_S, LANES = 0.4, 5.0, 25
#: Who takes turns, in this order.
WHO = ("control", "floor", "product")
#: After a block: exits end, books are read.
_REST_S = 2.5
_P50, _P99 = {"sqlite": 1.5, "postgres": 1.8}, {"sqlite": 3.0, "postgres": 3.0}


@dataclass(frozen=True, slots=True)
class Block:
    """One turn of one of them; milliseconds from the sender's bytes to the simulator."""

    who: str
    wire_ms: Sequence[float]
    exit_ms: Sequence[float]
    answer_ms: Sequence[float]
    failed: int
    load: float

    def as_json(self) -> dict[str, Any]:
        return {"who": self.who, "load": self.load, "failed": self.failed, **spread(self.wire_ms).as_json()}


def measure(place: Place) -> Findings:
    """The parts, then turns of control, floor and product in one town; then the memory, warm from the load."""
    with a_town(*place.town_in("latency")) as town:
        web, trader = town.start("executor", "web"), town.start("executor", "trader")
        control, base_port = _control(place, town)
        ports = {"control": base_port, "floor": _floor(place, town), "product": town.port}
        until(town.is_ready, "web and trader are ready")
        until(lambda: all(answers(f"http://127.0.0.1:{port}/healthz") for port in ports.values()), "all answer")
        place.say("latency: the parts")
        alone = parts(town, port=base_port, database_url=_database(place, town, "parts"), count=place.effort.parts)
        blocks = _turns(place, town, ports)
        waited = _waited_for_a_permit(town)
        memory = pss_mb(web.pid) + pss_mb(trader.pid)
        own = pss_mb(control.pid)
    findings = told(place.store, blocks, waited)
    findings.figures += alone
    findings.figures.append(Figure("memory", "web + trader after the load (PSS)", memory, "MB", 150))
    findings.figures.append(Figure("memory", "the control alone, for comparison (PSS)", own, "MB"))
    return findings


def _control(place: Place, town: Town) -> tuple[Popen[bytes], int]:
    """The process, and its port."""
    port = free_port()
    url, sink = _database(place, town, "control"), town.environ["SMARTAPI_BASE_URL"]
    environ = {"PORT": str(port), "BENCH_DATABASE_URL": url, "BENCH_SINK_URL": sink}
    return town.gunicorn("benchmarks.control:create_app()", **environ), port


def _floor(place: Place, town: Town) -> int:
    """The port of its first process; the second listens already."""
    folder, port = town.state_dir / "floor", free_port()
    url, sink = _database(place, town, "floor"), town.environ["SMARTAPI_BASE_URL"]
    environ = {"BENCH_DATABASE_URL": url, "BENCH_FOLDER": str(folder), "BENCH_SINK_URL": sink}
    town.start("benchmarks.floor", **environ)
    until((folder / floor.READY).exists, "the floor's second process listens")
    town.gunicorn("benchmarks.floor:create_app()", PORT=str(port), **environ)
    return port


def _database(place: Place, town: Town, name: str) -> str:
    return place.fresh_url(town.state_dir / name)


def _turns(place: Place, town: Town, ports: Mapping[str, int]) -> list[Block]:
    lanes = add_lanes(town, LANES, name="bench", protection=Protection.NONE)
    quiet = add_lanes(town, 5, name="quiet", protection=Protection.NONE)
    senders = {who: Sender(port) for who, port in ports.items()}

    def turn(seconds: float) -> list[Block]:
        plain = [_plain_block(town, senders[who], who, seconds) for who in ("control", "floor")]
        return [*plain, _product_block(town, senders["product"], product_shots(lanes, quiet, seconds))]

    turn(min(4.0, place.effort.block_s))
    blocks = []
    for number in range(place.effort.turns):
        place.say(f"latency: control, floor and product, turn {number + 1} of {place.effort.turns}")
        blocks += turn(place.effort.block_s)
    for sender in senders.values():
        sender.close()
    return blocks


def product_shots(lanes: Sequence[LaneAlerts], quiet: Sequence[LaneAlerts], seconds: float) -> list[Shot]:
    """Ten alerts a second: entries, their exits, and between them exits of what is not held."""
    count = int(seconds / _EVERY_S)
    shots = [lanes[n % len(lanes)].enter(n * _EVERY_S) for n in range(count)]
    shots += [lanes[n % len(lanes)].leave(n * _EVERY_S + _HELD_S) for n in range(count)]
    taken = {round(shot.at_s / PITCH_S) for shot in shots}
    free = [slot for slot in range(max(taken)) if slot not in taken]
    return shots + [quiet[slot % len(quiet)].leave(slot * PITCH_S, "quiet") for slot in free]


def _plain_block(town: Town, sender: Sender, who: str, seconds: float) -> Block:
    """A block of the control or of the floor; the floor answers before its POST, so that one may still be under way."""
    shots = [Shot(n * PITCH_S, str(n), f"/{who}", partial(body, n)) for n in range(int(seconds / PITCH_S))]
    town.stamps()
    sent = sender.play(shots)
    until_over(town, PITCH_S)
    arrived = {str(stamp["number"]): stamp["at"] for stamp in town.stamps() if stamp["route"] == "control"}
    return _block(who, sent, [(one, arrived.get(one.shot.kind)) for one in sent], [])


def _product_block(town: Town, sender: Sender, shots: Sequence[Shot]) -> Block:
    town.stamps()
    sent = sender.play(shots)
    until_over(town, _REST_S)
    arrived = arrivals(town, sent)
    by_kind = {kind: [(one, arrived.get(one.answer.get("signal", ""))) for one in sent if one.shot.kind == kind]
               for kind in ("entry", "exit")}  # fmt: skip
    return _block("product", sent, by_kind["entry"], by_kind["exit"])


def arrivals(town: Town, sent: Iterable[Sent]) -> dict[str, int]:
    """By signal, when its first order arrived at the simulator (ns)."""
    signals = tags_of(town, [one.answer["signal"] for one in sent if "signal" in one.answer])
    found: dict[str, int] = {}
    for stamp in town.stamps():
        if stamp["tag"] in signals:
            found.setdefault(signals[stamp["tag"]], stamp["at"])
    return found


def until_over(town: Town, seconds: float) -> None:
    """Let some time pass that belongs to no measurement."""
    end = town.now().timestamp() + seconds
    until(lambda: town.now().timestamp() >= end, "time has passed")


def _block(
    who: str, sent: list[Sent], wire: list[tuple[Sent, int | None]], exits: list[tuple[Sent, int | None]]
) -> Block:
    failed = sum(one.status != 202 for one in sent) + sum(at is None for _, at in (*wire, *exits))
    return Block(who, _ms(wire), _ms(exits), [one.answer_ms for one in sent], failed, os.getloadavg()[0])


def _ms(pairs: list[tuple[Sent, int | None]]) -> list[float]:
    return [(at - one.sent_ns) / 1e6 for one, at in pairs if at is not None]


def _waited_for_a_permit(town: Town) -> int:
    """Intents that the first commit did not send."""
    intent = schema.intent.c
    statement = select(func.count()).select_from(schema.intent).where(intent.sending_at != intent.created_at)
    with town.store.database.read() as connection:
        return int(connection.execute(statement).scalar_one())


def told(store: str, blocks: Sequence[Block], waited: int) -> Findings:
    """The blocks as figures: the product beside its limits, and the floor beside the same."""
    wire = {who: _pooled(block.wire_ms for block in blocks if block.who == who) for who in WHO}
    control, least, product = (wire[who] for who in WHO)
    section, limits = "alert → wire", (_P50[store], _P99[store])
    by_turn = f"{_by_turn(blocks)}; {product.count} entries, {control.count} of the control"
    least_50, least_99 = least.p50 / control.p50, least.p99 / control.p99
    figures = [
        Figure(section, "p50, times the control's", product.p50 / control.p50, "×", limits[0],
               note=f"{_floor_note(least_50, limits[0])}; {by_turn}"),
        Figure(section, "p99, times the control's", product.p99 / control.p99, "×", limits[1],
               note=_floor_note(least_99, limits[1])),
        Figure(section, "p50, times the floor's", product.p50 / least.p50, "×"),
        Figure(section, "p99, times the floor's", product.p99 / least.p99, "×"),
        *(Figure(section, which, getattr(product, which), "ms") for which in ("p50", "p99")),
        Figure(section, "alerts not answered 202, or orders that never came", sum(b.failed for b in blocks), "", 0),
        Figure(section, "entries and exits that waited for a permit", waited, "", 0),
        *_plain_figures("the control", control),
        *_plain_figures("the floor", least),
        Figure("the floor", "p50, times the control's", least_50, "×"),
        Figure("the floor", "p99, times the control's", least_99, "×"),
    ]  # fmt: skip
    return Findings(figures + _answers(blocks), {"blocks": [block.as_json() for block in blocks]})


def _plain_figures(section: str, wire: Spread) -> list[Figure]:
    return [Figure(section, "p50", wire.p50, "ms"), Figure(section, "p99", wire.p99, "ms")]


def _answers(blocks: Sequence[Block]) -> list[Figure]:
    """When the product answers, and its exits."""
    mine = [block for block in blocks if block.who == "product"]
    answers_ms = _pooled(block.answer_ms for block in mine)
    figures = [
        Figure("answer to the sender", "p99 at 10/s", answers_ms.p99, "ms", 50, note=f"p50 {answers_ms.p50:.2f} ms")
    ]
    exits = [ms for block in mine for ms in block.exit_ms]
    if exits:
        note = "one more round trip to the broker lies on its way: it asks for a price first"
        figures.append(Figure("alert → wire", "an exit, p50", spread(exits).p50, "ms", note=note))
    return figures


def _by_turn(blocks: Sequence[Block]) -> str:
    """The least and the greatest ratio of the medians of product and control in one turn."""
    mine, control = ([percentile(b.wire_ms, 50) for b in blocks if b.who == who] for who in ("product", "control"))
    ratios = [one / base for one, base in zip(mine, control, strict=True)]
    return f"by turn {min(ratios):.2f}–{max(ratios):.2f}"


def _floor_note(ratio: float, limit: float) -> str:
    return f"floor: {ratio:.2f} ×{', itself above the limit' if ratio > limit else ''}"


def _pooled(samples: Iterable[Sequence[float]]) -> Spread:
    return spread([value for sample in samples for value in sample])
