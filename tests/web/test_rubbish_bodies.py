"""A thousand bad bodies: each is answered with a reason and recorded or counted, none becomes a signal."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from ipaddress import ip_network

import pytest

from executor.domain.delivery import Verdict
from executor.web.authenticity import UNVERIFIED_A_MINUTE
from tests.web.conftest import Web
from tests.web.rubbish import MAKERS, bad_bodies

NUMBER = 1000
REASONED = {400, 401, 413, 422}


@pytest.fixture
def behind_proxy(web: Web) -> Web:
    web.parts = replace(web.parts, trusted_proxies=(ip_network("127.0.0.0/8"),))
    return web


def sources(web: Web) -> Iterator[dict[str, str]]:
    """Headers of ever new senders, and a new minute now and then, so that nobody is over the limit."""
    for number in range(NUMBER):
        if number % 40 == 0:
            web.clock.advance(60)
        yield {"X-Forwarded-For": f"203.0.113.{number // 5}"}


def test_every_bad_body_is_recorded_with_a_readable_reason_and_makes_no_signal(behind_proxy: Web) -> None:
    web, client, answers, slowest = behind_proxy, behind_proxy.client(), [], 0.0
    bodies = bad_bodies(web.message, number=NUMBER, seed=11)

    for (kind, body), headers in zip(bodies, sources(web), strict=True):
        started = time.process_time()
        answer = web.post(body, client=client, headers=headers)
        slowest = max(slowest, time.process_time() - started)
        answers.append((kind, answer))

    unreasoned = [(kind, answer.status_code) for kind, answer in answers if answer.status_code not in REASONED]
    assert unreasoned == []
    for kind, answer in answers:
        said = answer.get_json()
        assert {"code", "title", "detail", "remedy", "delivery", "state"} <= said.keys(), kind
        assert 10 < len(said["detail"]) < 1000 and said["detail"].isprintable(), kind
    deliveries = web.rows("delivery")
    assert {row.id for row in deliveries} == {answer.get_json()["delivery"] for _, answer in answers}
    assert {(row.verdict, row.code is None) for row in deliveries} == {(Verdict.REFUSED, False)}
    assert (web.rows("signal"), web.bell.signals) == ([], [])
    assert slowest < 1.0


def test_bad_bodies_of_one_source_and_minute_are_recorded_up_to_the_limit_and_then_counted(web: Web) -> None:
    client, bodies = web.client(), bad_bodies(web.message, number=NUMBER, seed=12)

    statuses = Counter(web.post(body, client=client).status_code for _, body in bodies)
    writer = web.writer()
    writer.start()
    writer.stop()

    [flood] = web.rows("delivery_flood")
    unverified = [row for row in web.rows("delivery") if not row.layers.get("token", "").startswith("passed")]
    assert set(statuses) == REASONED | {429}
    assert flood.count == statuses[429] > NUMBER / 4
    assert len(unverified) <= UNVERIFIED_A_MINUTE
    assert len(web.rows("delivery")) + flood.count == NUMBER
    assert web.post().status_code == 202


def test_each_kind_of_bad_body_comes_up_fifty_times() -> None:
    kinds = Counter(
        kind for kind, _ in bad_bodies(b'{"v": "1", "token": "xt1_' + b"a" * 99 + b'"}', number=NUMBER, seed=1)
    )

    assert kinds == dict.fromkeys(MAKERS, NUMBER // len(MAKERS))
