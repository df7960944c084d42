"""The log of a process: lines on stderr, for whoever keeps them."""

from __future__ import annotations

import logging
import sys


def start_logging() -> None:
    """One line an event to stderr; libraries only when something is wrong."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for name in ("httpx", "httpcore", "apscheduler", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
