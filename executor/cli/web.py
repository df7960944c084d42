"""`executor web`: it becomes gunicorn, which loads the application itself."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import click

from executor.config.environment import open_settings


@click.command()
def web() -> None:
    """Serve hooks and pages with gunicorn on HOST:PORT. Put nginx or Caddy in front of it."""
    settings = open_settings()  # a wrong setting is told here, not in a worker
    os.environ.update(HOST=settings.host, PORT=str(settings.port), WEB_CONCURRENCY=str(settings.web_concurrency))
    config = Path(__file__).parent.parent / "web" / "gunicorn_conf.py"
    app = "executor.bootstrap.web:create_web_app()"
    os.execv(sys.executable, [sys.executable, "-m", "gunicorn", "-c", str(config), app])
