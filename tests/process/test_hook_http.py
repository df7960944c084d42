"""HTTP as strange senders speak it, on real sockets: to a bare web, and through nginx as documented."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from executor import bootstrap
from executor.alerts.address import hook_secret
from executor.config.environment import open_settings
from executor.store import schema
from tests.process.conftest import Town
from tests.process.nginx import NAME, Nginx, running_nginx

pytestmark = pytest.mark.process

HEAD = f"Host: {NAME}\r\nConnection: close\r\n".encode()


@dataclass(frozen=True)
class Web:
    town: Town
    path: bytes

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", int(self.town.environ["PORT"])), timeout=5)

    def post(self, body: bytes, head: bytes = b"", *, version: bytes = b"1.1") -> bytes:
        return b"POST " + self.path + b" HTTP/" + version + b"\r\n" + HEAD + head + b"\r\n" + body

    def bodies(self) -> list[str]:
        """What was recorded, oldest first."""
        with self.town.store.database.read() as connection:
            return [row.body for row in connection.execute(select(schema.delivery).order_by(schema.delivery.c.id))]


def told(connection: socket.socket, sent: bytes = b"") -> bytes:
    """All that comes back until the other side closes."""
    with connection:
        connection.sendall(sent)
        found = b""
        while part := connection.recv(65536):
            found += part
    return found


def statuses(answer: bytes) -> list[int]:
    return [int(part[2:5]) for part in answer.split(b"HTTP/1.")[1:]]


@pytest.fixture
def web(sqlite_town: Town) -> Web:
    sqlite_town.web()
    return _web(sqlite_town)


@pytest.fixture
def nginx(sqlite_town: Town, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    sqlite_town.environ |= {"EXECUTOR_TRUSTED_PROXIES": "127.0.0.1", "EXECUTOR_PUBLIC_URL": f"https://{NAME}"}
    with running_nginx(tmp_path_factory.mktemp("nginx"), web_port=int(sqlite_town.environ["PORT"])) as nginx:
        sqlite_town.web()
        yield nginx


def _web(town: Town) -> Web:
    keys = bootstrap.open_keys(open_settings(town.environ))
    return Web(town, f"/hook/trend/{hook_secret(keys, 'trend', 1)}".encode())


def test_a_body_arrives_whole_however_it_is_framed(web: Web) -> None:
    chunked = b"3\r\none\r\n0\r\n\r\n"

    answers = [
        told(web.connect(), web.post(chunked, b"Transfer-Encoding: chunked\r\n")),
        told(web.connect(), web.post(b"two", b"Content-Length: 3\r\n", version=b"1.0")),
        told(web.connect(), web.post(b"three", b"Content-Length: 5\r\nExpect: 100-continue\r\n")),
        told(web.connect(), web.post(b"", b"")),
    ]

    assert [statuses(answer) for answer in answers] == [[400], [400], [100, 400], [400]]
    assert web.bodies() == ["one", "two", "three", ""]


def test_requests_sent_at_once_on_one_connection_are_each_answered(web: Web) -> None:
    first = web.post(b"first", b"Content-Length: 5\r\n").replace(b"Connection: close\r\n", b"")

    answer = told(web.connect(), first + web.post(b"last", b"Content-Length: 4\r\n"))

    assert (statuses(answer), web.bodies()) == ([400, 400], ["first", "last"])


def test_a_megabyte_is_refused_with_a_reason_and_its_beginning_kept(web: Web) -> None:
    size = 2**20

    answer = told(web.connect(), web.post(b"x" * size, b"Content-Length: %d\r\n" % size))

    assert statuses(answer) == [413] and b"too_large" in answer
    assert len(web.bodies()) == 1


HEADS = [
    b"Content-Length: -1\r\n",
    b"Content-Length: x\r\n",
    b"Content-Length: 3\r\nContent-Length: 4\r\n",
    b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
    b"Transfer-Encoding: chunked, chunked\r\n",
    b"X: " + b"y" * 20_000 + b"\r\n",
    b"X: y\r\n" * 500,
    b"no header\r\n",
]
CHUNKS = [b"zz\r\none\r\n0\r\n\r\n", b"3\r\noneXX0\r\n\r\n", b"3\r\none\r\n0\r\nbad trailer\r\n\r\n"]
LINES = [b"POST", b"POST /x", b"POST /x HTTP/9.9", b"\x16\x03\x01\x02", b"G" * 5000, b"PRI * HTTP/2.0"]


def test_what_two_readers_could_understand_differently_is_refused_and_never_recorded(web: Web) -> None:
    heads = [statuses(told(web.connect(), web.post(b"one", head))) for head in HEADS]
    chunks = [told(web.connect(), web.post(chunk, b"Transfer-Encoding: chunked\r\n")) for chunk in CHUNKS]
    lines = [statuses(told(web.connect(), line + b"\r\n\r\n")) for line in LINES]

    assert [found for found in heads if len(found) != 1 or not 400 <= found[0] < 500] == []
    assert [statuses(answer)[:1] for answer in chunks] == [[400]] * len(CHUNKS)
    assert [found for found in lines for status in found if not 400 <= status < 500] == []
    assert web.bodies() == []


def test_a_path_cannot_be_claimed_in_a_header(web: Web) -> None:
    answer = told(
        web.connect(), b"POST / HTTP/1.1\r\n" + HEAD + b"SCRIPT_NAME: /x\r\nPATH_INFO: " + web.path + b"\r\n\r\n"
    )

    assert statuses(answer)[0] in (400, 404, 405)
    assert web.bodies() == []


# -- through nginx


def test_nothing_of_the_hook_is_redirected_and_nothing_of_it_is_logged(sqlite_town: Town, nginx: Nginx) -> None:
    path = _web(sqlite_town).path
    secret = path.rpartition(b"/")[2].decode()
    targets = [path, path + b"/", b"/" + path, path.replace(b"/trend", b"//trend"), b"/hook", b"/hook/", b"/hook/trend"]
    targets += [b"/%68ook" + path[5:], path + b"?a=b", b"/x/.." + path]

    plain = [told(socket.create_connection(("127.0.0.1", nginx.plain_port)), asked(path, method)) for method in METHODS]
    answers = [told(nginx.connect(), asked(target, method)) for target in targets for method in METHODS]

    assert [statuses(answer) for answer in plain] == [[403]] * len(METHODS)
    assert {status for answer in answers for status in statuses(answer)} == {400, 401, 404, 405}
    assert not [
        answer for answer in (*plain, *answers) if b"\r\nlocation:" in answer.lower() or b"set-cookie" in answer.lower()
    ]
    assert secret not in nginx.logged()


METHODS = (b"POST", b"GET", b"HEAD", b"OPTIONS")


def asked(path: bytes, method: bytes) -> bytes:
    return method + b" " + path + b" HTTP/1.1\r\n" + HEAD + b"Content-Length: 0\r\n\r\n"


def test_pages_are_redirected_to_https(nginx: Nginx) -> None:
    answer = told(socket.create_connection(("127.0.0.1", nginx.plain_port)), asked(b"/signals/x?y=z", b"GET"))

    assert statuses(answer) == [301]
    assert f"Location: https://{NAME}/signals/x?y=z".encode() in answer


def test_a_source_is_the_peer_of_the_proxy_whatever_it_claims(sqlite_town: Town, nginx: Nginx) -> None:
    web = _web(sqlite_town)
    claims = b"".join(name + b": 52.89.214.238\r\n" for name in (b"X-Forwarded-For", b"X-Real-IP", b"Forwarded"))

    answer = told(nginx.connect(), web.post(b"x", claims + b"Content-Length: 1\r\n"))

    with sqlite_town.store.database.read() as connection:
        [row] = connection.execute(select(schema.delivery)).all()
    assert (statuses(answer), row.source) == ([400], "127.0.0.1")
    assert row.headers["X-Forwarded-For"] == "127.0.0.1"


def test_more_than_64_kib_is_413_with_a_reason_in_our_form(sqlite_town: Town, nginx: Nginx) -> None:
    web = _web(sqlite_town)

    sizes = {
        size: told(nginx.connect(), web.post(b"x" * size, b"Content-Length: %d\r\n" % size))
        for size in (65_536, 65_537)
    }

    assert [statuses(answer) for answer in sizes.values()] == [[400], [413]]
    assert b"application/problem+json" in sizes[65_537]


def test_details_of_readiness_do_not_pass_the_proxy(nginx: Nginx) -> None:
    answer = told(nginx.connect(), asked(b"/readyz", b"GET"))

    assert statuses(answer) == [503]
    assert answer.endswith(b'{"ready":false}\n')
