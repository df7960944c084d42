"""Due work: APScheduler only wakes; what is due is decided by Clock and calendar, idempotent, also at start.

The morning login is due from 08:30 IST on every trading day (`accounts.SessionKeeper.wanted`); being wanted and not
open is enough, so a machine that slept through 08:30 logs in when it wakes (reliability.md F-65). Likewise the
instrument file from 08:15 on (`instruments/freshness.stale`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from executor.clock import IST
from executor.instruments.freshness import DUE_AT
from executor.trader.accounts import LOGIN_AT

#: A sleeping machine's jobs run late rather than never.
_GRACE_S = 6 * 3600


def start_jobs(wake: Callable[[], None], wake_master: Callable[[], None]) -> BackgroundScheduler:
    """Start the scheduler: it wakes the loops at the morning login and every minute, who takes the master at 08:15."""
    scheduler = BackgroundScheduler(timezone=IST, job_defaults={"coalesce": True, "misfire_grace_time": _GRACE_S})
    scheduler.add_job(wake, _daily(LOGIN_AT), id="morning-login")
    scheduler.add_job(wake_master, _daily(DUE_AT), id="morning-master")
    scheduler.add_job(wake, IntervalTrigger(minutes=1, timezone=IST), id="every-minute")
    scheduler.start()
    return scheduler


def _daily(at: time) -> CronTrigger:
    return CronTrigger(hour=at.hour, minute=at.minute, timezone=IST)
