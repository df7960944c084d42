"""Change goals: what commands, the clock and signals ask of the book. No intents here."""

from __future__ import annotations

from executor.desk.aim.command import aim_commands
from executor.desk.aim.follow import follow
from executor.desk.aim.lapse import lapse
from executor.desk.aim.loss import limit_loss
from executor.desk.aim.night import night
from executor.desk.aim.signal import aim_signals
from executor.desk.aim.watch import watch
from executor.desk.book import Draft


def aim(draft: Draft) -> None:
    aim_commands(draft)
    limit_loss(draft)
    night(draft)
    lapse(draft)
    follow(draft)
    watch(draft)
    aim_signals(draft)
