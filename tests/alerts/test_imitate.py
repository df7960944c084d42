from __future__ import annotations

import httpx
import pytest

from executor.alerts.imitate import Answered, NotAnswered, open_client, send
from executor.alerts.placeholders import render


class Receiver:
    """Answers with one status after the other; keeps what it got."""

    def __init__(self, *statuses: int) -> None:
        self.statuses = list(statuses)
        self.requests: list[httpx.Request] = []
        self.pauses: list[float] = []

    def answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return httpx.Response(self.statuses.pop(0), text="told", headers={"Location": "http://elsewhere.test/"})

    def send(self, message: str = "{}", *, resends: int = 0) -> Answered | NotAnswered:
        with open_client(httpx.MockTransport(self.answer)) as client:
            return send(client, "http://hook.test/x", message, resends=resends, pause=self.pauses.append)


def test_values_are_pasted_unescaped_and_unknown_placeholders_stay():
    message = render('{"a": "{{close}}", "b": "{{plot_0}}", "c": {{strategy.order.id}}}', {
        "close": "1.5", "strategy.order.id": 'x", "y": "z', "unused": "1"
    })  # fmt: skip

    assert message == '{"a": "1.5", "b": "{{plot_0}}", "c": x", "y": "z}'


@pytest.mark.parametrize(("message", "kind"), [('{"a": 1}', "application/json"), ("buy", "text/plain")])
def test_the_content_type_tells_whether_the_message_is_json(message: str, kind: str):
    receiver = Receiver(202)

    receiver.send(message)

    assert receiver.requests[0].headers["content-type"] == f"{kind}; charset=utf-8"
    assert receiver.requests[0].content == message.encode()


@pytest.mark.parametrize(("statuses", "sent"), [
    ([202], 1), ([400], 1), ([429], 1), ([302], 1), ([504, 202], 1), ([503, 202], 2), ([500, 500, 500, 500, 202], 4),
])  # fmt: skip
def test_only_a_servers_error_is_sent_again_at_most_three_times(statuses: list[int], sent: int):
    receiver = Receiver(*statuses)

    answer = receiver.send(resends=3)

    assert len(receiver.requests) == sent
    assert answer == Answered(statuses[sent - 1], "told")
    assert receiver.pauses == [5.0] * (sent - 1)


def test_nothing_is_sent_again_unless_asked():
    receiver = Receiver(503, 202)

    assert receiver.send() == Answered(503, "told")


def test_a_broken_connection_is_an_outcome_and_is_not_sent_again():
    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ReadTimeout("too late", request=request)

    with open_client(httpx.MockTransport(broken)) as client:
        answer = send(client, "http://hook.test/x", "{}", resends=3, pause=lambda _: None)

    assert answer == NotAnswered("ReadTimeout: too late")


def test_it_waits_three_seconds_as_tradingview_does():
    with open_client() as client:
        assert client.timeout == httpx.Timeout(3.0)
