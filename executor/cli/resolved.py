"""What a ticker means, for people and as JSON: an instrument with its contract facts, or the options of a rule."""

from __future__ import annotations

from typing import Any, assert_never

from executor.clock import IST
from executor.domain.instrument import Instrument
from executor.domain.option import OptionChain
from executor.domain.refusal import Refusal
from executor.instruments.roll import Turn


def shown(found: Instrument) -> dict[str, Any]:
    return {
        "exchange": found.key.segment.value,
        "token": found.key.token,
        "symbol": found.symbol,
        "name": found.name,
        "kind": found.kind.value,
        "lot": found.lot,
        "tick": f"{found.tick.normalize():f}",
        "freeze": found.freeze,
        "expiry": found.expiry.isoformat() if found.expiry else None,
        "strike": _strike(found) if found.strike else None,
        "right": found.right,
    }


def line(found: Instrument) -> str:
    facts = f"lot {found.lot} tick {found.tick.normalize():f}"
    ends = f" expires {found.expiry:%d %b %Y}" if found.expiry else ""
    segment, kind = found.key.segment.value, found.kind.value
    return f"{segment:4} {found.symbol:24} {kind:6} token {found.key.token:10} {facts}{ends}"


def resolved(found: Instrument | OptionChain | Refusal, turn: Turn | None) -> dict[str, Any]:
    """The JSON of an answer; `next` is when a continuous ticker turns, and to what."""
    match found:
        case Refusal():
            return {"code": found.code.value, "sentence": found.sentence, "remedy": found.remedy}
        case OptionChain():
            return _chain(found)
        case Instrument() if turn is None:
            return shown(found)
        case Instrument():
            contract = turn.contract.symbol if turn and turn.contract else None
            return {**shown(found), "next": {"at": turn.at.isoformat(), "symbol": contract}}
        case _:
            assert_never(found)


def told(found: Instrument | OptionChain | Refusal, turn: Turn | None) -> str:
    match found:
        case Refusal():
            return f"{found.sentence} {found.remedy}"
        case OptionChain():
            return _chain_told(found)
        case Instrument():
            return line(found) if turn is None else f"{line(found)}\n{_turn_told(turn)}"
        case _:
            assert_never(found)


def _turn_told(turn: Turn) -> str:
    then = turn.contract.symbol if turn.contract else "a contract that is not listed yet"
    return f"until {turn.at.astimezone(IST):%d %b %Y %H:%M}, then {then}"


def _chain(found: OptionChain) -> dict[str, Any]:
    expiry = found.contracts[0].expiry
    return {
        "underlying": shown(found.underlying),
        "expiry": expiry.isoformat() if expiry else None,
        "strikes": sorted({_strike(one) for one in found.contracts}, key=float),
        "options": [shown(one) for one in found.contracts],
    }


def _chain_told(found: OptionChain) -> str:
    strikes = sorted({one.strike for one in found.contracts if one.strike})
    steps = f"{len(strikes)} strikes from {strikes[0].normalize():f} to {strikes[-1].normalize():f}"
    first = found.contracts[0]
    rule = found.rule
    chosen = f"{rule.type} {rule.strike} is chosen among them by the price of {found.underlying.symbol}"
    return (
        f"{line(found.underlying)}\n"
        f"options of {first.name} that expire on {first.expiry:%d %b %Y}: {steps}, lot {first.lot}\n"
        f"{chosen} when a position opens; such as {first.symbol}"
    )


def _strike(found: Instrument) -> str:
    assert found.strike is not None, "an option has a strike"
    return f"{found.strike.normalize():f}"
