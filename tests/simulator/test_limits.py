from __future__ import annotations

import pytest

from tests.simulator.harness import SECURE, Client, ticket


def _statuses(client: Client, path: str, times: int) -> list[int]:
    return [client.http.get(f"{SECURE}{path}").status_code for _ in range(times)]


def test_too_many_requests_get_the_text_with_403():
    client = Client(limits=True)
    client.book()

    answer = client.http.get(f"{SECURE}/order/v1/getOrderBook")

    assert (answer.status_code, answer.text) == (403, "Access denied because of exceeding access rate")
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert client.state()["requests"][-1]["answer_kind"] == "rate"


def test_window_slides():
    client = Client(limits=True)
    client.book()
    client.clock.advance(0.999)
    early = _statuses(client, "/order/v1/getOrderBook", 1)
    client.clock.advance(0.001)

    assert (early, _statuses(client, "/order/v1/getOrderBook", 2)) == ([403], [200, 403])


def test_place_modify_and_cancel_share_nine_a_second():
    client = Client(limits=True)
    paths = ["placeOrder", "modifyOrder", "cancelOrder"] * 4

    statuses = [client.http.post(f"{SECURE}/order/v1/{path}", json=ticket()).status_code for path in paths]

    assert statuses == [200] * 9 + [403] * 3


def test_five_hundred_orders_a_minute():
    client = Client(limits=True)
    taken = 0
    for _ in range(58):
        statuses = [client.http.post(f"{SECURE}/order/v1/placeOrder", json={}).status_code for _ in range(9)]
        taken += statuses.count(200)
        client.clock.advance(1)

    assert taken == 500


@pytest.mark.parametrize(
    ("path", "count"), [("/user/v1/getProfile", 3), ("/user/v1/getRMS", 2), ("/order/v1/details/none", 10)]
)
def test_reads_have_their_own_limits(path, count):
    client = Client(limits=True)

    assert _statuses(client, path, count + 1) == [200] * count + [403]


def test_one_login_a_second():
    client = Client(limits=True)

    assert client.login().status_code == 403


def test_limits_can_be_switched_off():
    assert _statuses(Client(limits=False), "/order/v1/getOrderBook", 5) == [200] * 5
