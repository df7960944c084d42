"""Put first on PYTHONPATH, this makes a Python process and its children live on Sunday 2026-11-29, 23:40 in India."""

from __future__ import annotations

from datetime import UTC, datetime

import time_machine

time_machine.travel(datetime(2026, 11, 29, 18, 10, tzinfo=UTC), tick=True).start()
