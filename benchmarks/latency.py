"""Alert received → order on the broker's wire, beside the control, in blocks that take turns on one machine.

The load is ten alerts a second, 100 ms apart. Our own limits let 360 entries and exits a minute and 760 an hour
leave, so not each of ten may be an order, or the figure would be that of the limits: a quarter are entries, a quarter
the exits that close them five seconds later, half are exits of lanes that hold nothing; those go all the way to a
decision and its commit, but send nothing. The strategies have no stop for the same reason. So some thirteen brackets
are open at any time, and not one entry waits for a permit (which is checked). The control does its insert and its
POST for each of ten a second.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select

from benchmarks.alerts import LaneAlerts, add_lanes, tags_of
from benchmarks.figures import Figure, Spread, percentile, spread
from benchmarks.findings import Findings, Place
from benchmarks.memory import pss_mb
from benchmarks.sender import Sender, Sent, Shot
from benchmarks.town import Town, a_town, answers, free_port, until
from executor.domain.strategy import Protection
from executor.store import schema

#: An entry every 400 ms, 25 lanes, each left after five seconds and entered again after ten.
_EVERY_S, _HELD_S, LANES = 0.4, 5.0, 25
_PITCH_S = 0.1
#: After a block: exits end, books are read.
_REST_S = 2.5
_P50, _P99 = {"sqlite": 1.5, "postgres": 1.8}, {"sqlite": 3.0, "postgres": 3.0}


@dataclass(frozen=True, slots=True)
class Block:
    """One turn of the control or of the product; milliseconds from the sender's bytes to the simulator."""

    who: str
    wire_ms: Sequence[float]
    exit_ms: Sequence[float]
    answer_ms: Sequence[float]
    failed: int
    load: float

    def as_json(self) -> dict[str, Any]:
        return {"who": self.who, "load": self.load, "failed": self.failed, **spread(self.wire_ms).as_json()}


def measure(place: Place) -> Findings:
    """Turns of control and product in one town; then the memory of both processes, warm from the load."""
    with a_town(*place.town_in("latency")) as town:
        web, trader = town.start("executor", "web"), town.start("executor", "trader")
        port = free_port()
        control = town.gunicorn("benchmarks.control:create_app()", **_control_environ(place, town, port))
        until(town.is_ready, "web and trader are ready")
        until(lambda: answers(f"http://127.0.0.1:{port}/healthz"), "the control answers")
        blocks = _turns(place, town, port)
        waited = _waited_for_a_permit(town)
        memory = pss_mb(web.pid) + pss_mb(trader.pid)
        own = pss_mb(control.pid)
    findings = _told(place.store, blocks, waited)
    findings.figures.append(Figure("memory", "web + trader after the load (PSS)", memory, "MB", 150))
    findings.figures.append(Figure("memory", "the control alone, for comparison (PSS)", own, "MB"))
    return findings


def _turns(place: Place, town: Town, port: int) -> list[Block]:
    lanes = add_lanes(town, LANES, name="bench", protection=Protection.NONE)
    quiet = add_lanes(town, 5, name="quiet", protection=Protection.NONE)
    senders = {"control": Sender(port), "product": Sender(town.port)}
    warm = min(4.0, place.effort.block_s)
    _control_block(town, senders["control"], warm)
    _product_block(town, senders["product"], product_shots(lanes, quiet, warm))
    blocks = []
    for pair in range(place.effort.pairs):
        place.say(f"latency: control and product, turn {pair + 1} of {place.effort.pairs}")
        blocks.append(_control_block(town, senders["control"], place.effort.block_s))
        blocks.append(_product_block(town, senders["product"], product_shots(lanes, quiet, place.effort.block_s)))
    for sender in senders.values():
        sender.close()
    return blocks


def product_shots(lanes: Sequence[LaneAlerts], quiet: Sequence[LaneAlerts], seconds: float) -> list[Shot]:
    """Ten alerts a second: entries, their exits, and between them exits of what is not held."""
    count = int(seconds / _EVERY_S)
    shots = [lanes[n % len(lanes)].enter(n * _EVERY_S) for n in range(count)]
    shots += [lanes[n % len(lanes)].leave(n * _EVERY_S + _HELD_S + 2 * _PITCH_S) for n in range(count)]
    taken = {round(shot.at_s / _PITCH_S) for shot in shots}
    free = [slot for slot in range(max(taken)) if slot not in taken]
    return shots + [quiet[slot % len(quiet)].leave(slot * _PITCH_S, "quiet") for slot in free]


def _control_block(town: Town, sender: Sender, seconds: float) -> Block:
    shots = [Shot(n * _PITCH_S, str(n), "/control", _body(n)) for n in range(int(seconds / _PITCH_S))]
    town.stamps()
    sent = sender.play(shots)
    arrived = {str(stamp["number"]): stamp["at"] for stamp in town.stamps() if stamp["route"] == "control"}
    return _block("control", sent, [(one, arrived.get(one.shot.kind)) for one in sent], [])


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


def _body(number: int) -> Any:
    """About as long as an alert with its token."""
    return lambda: json.dumps({"number": number, "token": "x" * 400, "ticker": "SBIN", "action": "buy"}).encode()


def _control_environ(place: Place, town: Town, port: int) -> dict[str, str]:
    url = place.fresh_url(town.state_dir / "control")
    return {"PORT": str(port), "BENCH_DATABASE_URL": url, "BENCH_SINK_URL": town.environ["SMARTAPI_BASE_URL"]}


def _waited_for_a_permit(town: Town) -> int:
    """Intents that the first commit did not send."""
    intent = schema.intent.c
    statement = select(func.count()).select_from(schema.intent).where(intent.sending_at != intent.created_at)
    with town.store.database.read() as connection:
        return int(connection.execute(statement).scalar_one())


def _told(store: str, blocks: list[Block], waited: int) -> Findings:
    mine, control = ([block for block in blocks if block.who == who] for who in ("product", "control"))
    product, base = _pooled(block.wire_ms for block in mine), _pooled(block.wire_ms for block in control)
    answers_ms = _pooled(block.answer_ms for block in mine)
    ratios = [percentile(a.wire_ms, 50) / percentile(b.wire_ms, 50) for a, b in zip(mine, control, strict=True)]
    between = f"by turn {min(ratios):.2f}–{max(ratios):.2f}; {product.count} entries, {base.count} of the control"
    section = "alert → wire"
    figures = [
        Figure(section, "p50, times the control's", product.p50 / base.p50, "×", _P50[store], note=between),
        Figure(section, "p99, times the control's", product.p99 / base.p99, "×", _P99[store]),
        Figure(section, "p50", product.p50, "ms", note=f"control {base.p50:.2f} ms"),
        Figure(section, "p99", product.p99, "ms", note=f"control {base.p99:.2f} ms"),
        Figure(section, "alerts not answered 202, or orders that never came", sum(b.failed for b in blocks), "", 0),
        Figure(section, "entries and exits that waited for a permit", waited, "", 0),
        Figure("answer to the sender", "p99 at 10/s", answers_ms.p99, "ms", 50, note=f"p50 {answers_ms.p50:.2f} ms"),
    ]
    exits = [ms for block in mine for ms in block.exit_ms]
    if exits:
        note = "one more round trip to the broker lies on its way: it asks for a price first"
        figures.append(Figure(section, "an exit, p50", spread(exits).p50, "ms", note=note))
    return Findings(figures, {"blocks": [block.as_json() for block in blocks]})


def _pooled(samples: Iterable[Sequence[float]]) -> Spread:
    return spread([value for sample in samples for value in sample])
