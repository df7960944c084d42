"""How gunicorn serves us: every setting exists there, and the few that matter have their values."""

from __future__ import annotations

import runpy
import socket
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import gunicorn.workers.gthread
import pytest
from gunicorn.config import Config

import executor.web

CONF = Path(executor.web.__file__).parent / "gunicorn_conf.py"


@pytest.fixture
def conf(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read the file with an environment; what it sets in gunicorn is put back afterwards."""
    monkeypatch.setattr(gunicorn.workers.gthread, "DEFAULT_WORKER_DATA_TIMEOUT", 5.0)

    def read(**environ: str) -> Config:
        for name, value in environ.items():
            monkeypatch.setenv(name, value)
        config = Config()
        for name, value in runpy.run_path(str(CONF)).items():
            if not name.startswith("_") and name not in {"annotations", "Any"} and not isinstance(value, ModuleType):
                config.set(name, value)
        return config

    return read


def test_it_listens_on_loopback_with_one_worker_unless_told_otherwise(conf: Any) -> None:
    config = conf()

    assert (config.bind, config.workers, config.worker_class_str) == (["127.0.0.1:8080"], 1, "gthread")


def test_address_port_and_workers_come_from_the_environment(conf: Any) -> None:
    config = conf(HOST="0.0.0.0", PORT="9001", WEB_CONCURRENCY="3")

    assert (config.address, config.workers) == ([("0.0.0.0", 9001)], 3)


def test_an_ipv6_address_can_be_listened_on(conf: Any) -> None:
    assert conf(HOST="::1", PORT="9001").address == [("::1", 9001)]


def test_an_address_that_somebody_else_holds_is_told_with_the_remedy(conf: Any) -> None:
    told: list[str] = []
    server = SimpleNamespace(log=SimpleNamespace(error=lambda words, *given: told.append(words % given)))
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        conf(PORT=str(port)).on_starting(server)
    conf(PORT=str(port)).on_starting(server)  # free again

    assert told == [f"127.0.0.1:{port} is in use: stop the other `executor run`, or set another PORT"]


def test_a_connection_that_says_nothing_holds_no_thread_for_long(conf: Any) -> None:
    conf()

    assert gunicorn.workers.gthread.DEFAULT_WORKER_DATA_TIMEOUT <= 0.1


def test_a_proxy_closes_its_idle_connections_first_and_logs_hold_no_secret_path(conf: Any) -> None:
    config = conf()

    assert config.keepalive > 60
    assert config.accesslog is None
    assert config.settings["control_socket_disable"].get() is True


def test_a_burst_of_twenty_is_served_at_once(conf: Any) -> None:
    assert conf().threads >= 20


def test_lines_and_headers_are_bounded(conf: Any) -> None:
    config = conf()

    assert config.limit_request_line <= 4096
    assert config.limit_request_fields <= 100
    assert config.limit_request_field_size <= 8190


def test_malformed_requests_are_not_quoted_in_the_log_and_no_peer_is_believed(conf: Any) -> None:
    config = conf()

    assert config.loglevel == "error"
    assert config.forwarded_allow_ips == []


def test_a_worker_writes_floods_down_from_its_start_to_its_end(conf: Any) -> None:
    config, done = conf(), []
    writer = SimpleNamespace(start=lambda: done.append("start"), stop=lambda: done.append("stop"))
    worker = SimpleNamespace(wsgi=SimpleNamespace(extensions={"flood_writer": writer}))

    config.post_worker_init(worker)
    config.worker_exit(None, worker)
    config.worker_exit(None, SimpleNamespace(wsgi=None))

    assert done == ["start", "stop"]
