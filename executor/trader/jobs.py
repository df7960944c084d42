"""Due work: APScheduler only wakes; what is due is decided by Clock and calendar, idempotent, also at start.

The morning login is due from 08:30 IST on every trading day (`accounts.SessionKeeper.wanted`); being wanted and not
open is enough, so a machine that slept through 08:30 logs in when it wakes (reliability.md F-65).
"""

from __future__ import annotations

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger

from executor.clock import IST
from executor.domain.messages import Tick
from executor.trader.accounts import LOGIN_AT
from executor.trader.workers import Inbox

#: A sleeping machine's jobs run late rather than never.
_GRACE_S = 6 * 3600


def start_jobs(inbox: Inbox) -> BackgroundScheduler:
    """Start the scheduler: it puts a Tick into the inbox at the morning login and every minute."""
    scheduler = BackgroundScheduler(timezone=IST, job_defaults={"coalesce": True, "misfire_grace_time": _GRACE_S})
    morning = CronTrigger(hour=LOGIN_AT.hour, minute=LOGIN_AT.minute, timezone=IST)
    scheduler.add_job(inbox.put, morning, args=[Tick()], id="morning-login")
    scheduler.add_job(inbox.put, IntervalTrigger(minutes=1, timezone=IST), args=[Tick()], id="every-minute")
    scheduler.start()
    return scheduler
