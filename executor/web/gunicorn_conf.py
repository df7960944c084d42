"""How gunicorn serves us: threads, because a request waits for one commit; small limits against slow senders.

Never expose it bare: nginx or Caddy in front buffers requests and ends TLS (libraries.md 0.1).
"""

from __future__ import annotations

import errno
import gc
import os
import socket
from typing import Any

import gunicorn.workers.gthread

_host = os.environ.get("HOST", "127.0.0.1")
bind = f"{f'[{_host}]' if ':' in _host else _host}:{os.environ.get('PORT', '8080')}"
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
worker_class = "gthread"
threads = 32
keepalive = 75  # longer than a proxy's own idle time, so that the proxy closes first
timeout = 30
graceful_timeout = 5
control_socket_disable = True
accesslog = None
loglevel = "error"  # at "warning" it quotes malformed requests: a flood fills the disk, and a path may hold a secret
limit_request_line = 2048
limit_request_fields = 60
limit_request_field_size = 4096
forwarded_allow_ips = ""  # whom to believe is EXECUTOR_TRUSTED_PROXIES, judged in authenticity.py

# a connection that sends nothing would hold a thread for 5 s otherwise
gunicorn.workers.gthread.DEFAULT_WORKER_DATA_TIMEOUT = 0.05


def on_starting(server: Any) -> None:
    """Say who may hold the address before gunicorn tries it for five seconds: it names nothing but the number."""
    with socket.socket(socket.AF_INET6 if ":" in _host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_host, int(bind.rpartition(":")[2])))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                server.log.error("%s is in use: stop the other `executor run`, or set another PORT", bind)


def post_worker_init(worker: Any) -> None:
    """The application is loaded, after the fork: threads may start, and collections need not look at it again."""
    gc.collect()
    gc.freeze()
    worker.wsgi.extensions["flood_writer"].start()


def worker_exit(_server: Any, worker: Any) -> None:
    """Write down what is only counted; a worker that could not load the application has nothing."""
    if getattr(worker, "wsgi", None) is not None:
        worker.wsgi.extensions["flood_writer"].stop()
