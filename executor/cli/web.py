"""`executor web`: it becomes gunicorn, which loads the application itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from executor.config.environment import open_settings
from executor.config.reader import FILE_SUFFIX


@click.command()
def web() -> None:
    """Serve hooks and pages with gunicorn on HOST:PORT. Put nginx or Caddy in front of it."""
    settings = open_settings()  # a wrong setting is told here, not in a worker
    said = {"HOST": settings.host, "PORT": str(settings.port), "WEB_CONCURRENCY": str(settings.web_concurrency)}
    for name in said:  # in one form only: its workers would refuse both and end, again and again
        os.environ.pop(f"{name}{FILE_SUFFIX}", None)
    os.environ.update(said)
    config = Path(__file__).parent.parent / "web" / "gunicorn_conf.py"
    app = "executor.bootstrap.web:create_web_app()"
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "-c", str(config), app])
