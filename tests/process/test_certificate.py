"""TradingView's client certificate behind a real nginx: its fingerprint is recorded, and can be required."""

from __future__ import annotations

import http.client
import socket
import ssl
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from executor.alerts.placeholders import render
from tests.process.conftest import Town
from tests.process.nginx import NAME, Nginx, certify, running_nginx
from tests.process.test_whole_life import Alert, a_strategy

pytestmark = pytest.mark.process


@dataclass(frozen=True)
class Holder:
    """Who has a certificate; `fingerprint` as nginx writes it."""

    folder: Path
    fingerprint: str


def a_holder(folder: Path) -> Holder:
    folder.mkdir()
    der = ssl.PEM_cert_to_DER_cert(certify(folder, "webhook-server@tradingview.com"))
    return Holder(folder, sha1(der, usedforsecurity=False).hexdigest())


def post(nginx: Nginx, alert: Alert, town: Town, *, price: str, holder: Holder | None = None, claims: str = "") -> int:
    """The status that an alert through nginx is answered; `claims` is a header that the sender sets itself."""
    tls = ssl.create_default_context(cafile=str(nginx.folder / "fullchain.pem"))
    if holder is not None:
        tls.load_cert_chain(holder.folder / "fullchain.pem", holder.folder / "privkey.pem")
    body = render(alert.body.read_text(), alert.values(town, price=price))
    raw = socket.create_connection(("127.0.0.1", nginx.port), timeout=5)
    connection = http.client.HTTPConnection(NAME)
    connection.sock = tls.wrap_socket(raw, server_hostname=NAME)
    connection.request("POST", urlsplit(alert.url).path, body, {"X-Client-Certificate": claims} if claims else {})
    with connection.getresponse() as answer:
        answer.read()
    connection.close()
    return answer.status


def seen(town: Town) -> list[str]:
    """The fingerprints on record, which stand there in two halves, oldest delivery first."""
    deliveries = [town.store.pages.line(line["delivery"]) for line in reversed(town.audit())]
    return [line.delivery.headers.get("X-Client-Certificate", "").replace(" ", "") for line in deliveries if line]


def test_the_fingerprint_that_an_alert_came_with_is_on_its_delivery(sqlite_town: Town, tmp_path: Path) -> None:
    town, holder = sqlite_town, a_holder(tmp_path / "tradingview")
    alert = a_strategy(town)
    town.web()
    (tmp_path / "nginx").mkdir()

    with running_nginx(tmp_path / "nginx", web_port=int(town.environ["PORT"])) as nginx:
        with_it = post(nginx, alert, town, price="800", holder=holder)
        without = post(nginx, alert, town, price="801", claims=holder.fingerprint)

    assert (with_it, without) == (202, 202)
    assert seen(town) == [holder.fingerprint, ""]


def test_a_pinned_fingerprint_is_required_and_who_has_none_is_recorded(sqlite_town: Town, tmp_path: Path) -> None:
    town, holder, other = sqlite_town, a_holder(tmp_path / "tradingview"), a_holder(tmp_path / "other")
    town.environ |= {"EXECUTOR_TRUSTED_PROXIES": "127.0.0.1", "EXECUTOR_CLIENT_CERTIFICATES": holder.fingerprint}
    alert = a_strategy(town)
    town.web()
    (tmp_path / "nginx").mkdir()

    with running_nginx(tmp_path / "nginx", web_port=int(town.environ["PORT"])) as nginx:
        by_other = post(nginx, alert, town, price="800", holder=other, claims=holder.fingerprint)
        by_none = post(nginx, alert, town, price="801", claims=holder.fingerprint)
        by_it = post(nginx, alert, town, price="802", holder=holder)

    assert (by_other, by_none, by_it) == (403, 403, 202)
    assert seen(town) == [other.fingerprint, "", holder.fingerprint]
