"""What must be true of a day. Each checker trusts the exchange's own books, the journal of requests and the HTTP log.

A checker returns sentences, one a violation; none means that it holds. What our own rows say is only ever compared
with that truth. Words: reliability.md 3.1; figures: DESIGN, section 8.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from tests.campaigns.check_alerts import answered, lost, obeyed, recorded
from tests.campaigns.check_life import charted, ended, limited, oversold, ratcheted
from tests.campaigns.check_nights import not_entered_late, protected_first, squared_off
from tests.campaigns.check_orders import (
    duplicated,
    in_session,
    orphans,
    rates,
    reconciled_first,
    sized,
    watched,
    widest,
)
from tests.campaigns.check_people import as_saved, as_told, kept_out, killed, left_only, turned
from tests.campaigns.check_positions import levelled, not_over_covered, protected, reversed_
from tests.campaigns.check_record import audited, discreet, noted
from tests.campaigns.truth import Truth

__all__ = ["CHECKERS", "check", "widest"]

CHECKERS: Mapping[str, Callable[[Truth], list[str]]] = {
    "lost": lost,
    "answered": answered,
    "recorded": recorded,
    "obeyed": obeyed,
    "duplicated": duplicated,
    "orphans": orphans,
    "watched": watched,
    "reversed": reversed_,
    "protected": protected,
    "levelled": levelled,
    "not over covered": not_over_covered,
    "sized": sized,
    "ratcheted": ratcheted,
    "charted": charted,
    "oversold": oversold,
    "ended": ended,
    "limited": limited,
    "squared off": squared_off,
    "protected first": protected_first,
    "not entered late": not_entered_late,
    "killed": killed,
    "as told": as_told,
    "turned": turned,
    "left only": left_only,
    "as saved": as_saved,
    "kept out": kept_out,
    "rates": rates,
    "reconciled first": reconciled_first,
    "in session": in_session,
    "audited": audited,
    "discreet": discreet,
    "fenced": noted,
}


def check(truth: Truth, names: Iterable[str] = tuple(CHECKERS)) -> dict[str, list[str]]:
    """The violations by checker; empty when everything holds."""
    found = {name: CHECKERS[name](truth) for name in names}
    return {name: sentences for name, sentences in found.items() if sentences}
