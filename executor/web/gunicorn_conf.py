"""How gunicorn serves us: threads, because a request waits for one commit; small limits against slow senders.

Never expose it bare: nginx or Caddy in front buffers requests and ends TLS (libraries.md 0.1).
"""

from __future__ import annotations

import os

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
loglevel = "warning"
limit_request_line = 2048
limit_request_fields = 60

# a connection that sends nothing would hold a thread for 5 s otherwise
gunicorn.workers.gthread.DEFAULT_WORKER_DATA_TIMEOUT = 0.05
