"""What must be working minus what is working. The only room where intents are made."""

from __future__ import annotations

from executor.desk import rails
from executor.desk.book import Draft
from executor.desk.want.difference import Need, emit
from executor.desk.want.entry import entry_needs
from executor.desk.want.flat import flat_needs
from executor.desk.want.killed import killed_needs
from executor.desk.want.pair import protection_needs
from executor.desk.want.single import single_needs
from executor.domain.bracket import Bracket, Goal
from executor.domain.intent import Intent
from executor.domain.strategy import Protection


def want(draft: Draft) -> list[Intent]:
    """The intents that ask to leave now; none outside the session, and none before the account is reconciled.

    Until then READY intents stay as they are: whether they are still needed cannot be known.
    """
    if not draft.evidence.reconciled:
        return []
    needs: list[Need] = []
    for bracket in draft.live_brackets():
        if draft.calendar.is_open(bracket.instrument.segment, draft.now):
            needs += _needs(draft, bracket)
    return emit(draft, needs)


def _needs(draft: Draft, bracket: Bracket) -> list[Need]:
    if rails.killed(draft, strategy=bracket.strategy, lane=bracket.lane):
        return killed_needs(draft, bracket)
    entries = entry_needs(draft, bracket)
    if bracket.goal is Goal.FLAT:
        return entries + flat_needs(draft, bracket)
    protection = single_needs if bracket.protection is Protection.SINGLE else protection_needs
    return entries + protection(draft, bracket)
