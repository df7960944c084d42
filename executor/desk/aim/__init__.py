"""Change goals: what signals and the clock ask of the book. No intents here."""

from __future__ import annotations

from executor.desk.aim.lapse import lapse
from executor.desk.aim.signal import aim_signals
from executor.desk.book import Draft


def aim(draft: Draft) -> None:
    lapse(draft)
    aim_signals(draft)
