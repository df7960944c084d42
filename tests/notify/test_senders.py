"""What each kind of address is sent, and what its failures are called; no words of it hold a secret."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any

import httpx
import pytest

from executor.bootstrap.notify import notifier_of
from executor.config.notices import Telegram, Webhook, notify_addresses
from executor.config.reader import Reader
from executor.errors import NotifyFailed
from executor.notify.http import HeartbeatCall, TelegramNotifier, WebhookNotifier
from executor.notify.message import Message, Notifier
from tests.notify import servers
from tests.notify.servers import Received
from tests.notify.test_group import a_notice


def to(url: str) -> Notifier:
    (address,) = notify_addresses(Reader({"EXECUTOR_NOTIFY_URLS": url}))
    return notifier_of(address)


def a_message(title: str = "[LIVE default] REFUSED: no", body: str = "more") -> Message:
    return Message("7-7-refused", "refused", title, body, (a_notice(7),))


@pytest.fixture
def telegram() -> Iterator[Received]:
    with servers.telegram() as found:
        yield found


@pytest.fixture
def smtp() -> Iterator[Received]:
    with servers.smtp() as found:
        yield found


@pytest.fixture
def webhook() -> Iterator[Received]:
    with servers.webhook() as found:
        yield found


def test_telegram_is_sent_plain_text_without_previews(telegram: Received):
    to(telegram.url).tell(a_message(title="<b>*a*_b_"))

    (body,) = telegram.bodies
    assert body["text"] == "<b>*a*_b_\nmore"
    assert "parse_mode" not in body and body["link_preview_options"] == {"is_disabled": True}
    assert body["disable_notification"] is True


def test_telegram_is_never_sent_more_than_it_takes(telegram: Received):
    to(telegram.url).tell(a_message(body="₹" * 9000))

    assert len(telegram.bodies[0]["text"]) == 4096
    assert telegram.bodies[0]["text"].endswith("\n…")


@pytest.mark.parametrize("parameters", [None, [], "later", {"retry_after": None}, {"retry_after": "soon"}])
def test_an_answer_that_is_not_telegrams_is_a_failure_like_any_other(parameters: Any):
    """An exception would end the thread that tells all addresses, again and again."""
    answer = httpx.Response(403, json={"ok": False, "description": "blocked", "parameters": parameters})
    address = Telegram("telegram://t0k3n@1", "t0k3n", "1")

    with pytest.raises(NotifyFailed, match="403: blocked") as failed:
        TelegramNotifier(address, transport=httpx.MockTransport(lambda _request: answer)).tell(a_message())

    assert failed.value.pause_s == 0


def test_telegram_is_left_alone_as_long_as_it_asks(telegram: Received):
    telegram.status, telegram.retry_after = 429, 7

    with pytest.raises(NotifyFailed, match="429: Too Many Requests") as failed:
        to(telegram.url).tell(a_message())

    assert failed.value.pause_s == 7


def test_a_webhook_is_sent_one_json_object(webhook: Received):
    to(webhook.url).tell(a_message())

    assert webhook.bodies == [
        {
            "v": 1,
            "id": "7-7-refused",
            "kind": "refused",
            "urgent": False,
            "title": "[LIVE default] REFUSED: no",
            "body": "more",
            "notices": [
                {
                    "kind": "refused",
                    "accounts": "LIVE default",
                    "text": "trend buy NSE:SBIN: outside its hours",
                    "at": "2026-11-25T09:19:55.000+05:30",
                    "audit": 7,
                }
            ],
        }
    ]
    assert webhook.headers[0]["webhook-id"] == "7-7-refused"


def test_mail_has_a_short_subject_and_the_whole_in_its_body(smtp: Received):
    to(smtp.url).tell(a_message(title="[LIVE default] REFUSED: " + "x" * 300, body="₹ 3\n.\nafter a dot"))

    (mail,) = smtp.bodies
    assert (mail["From"], mail["To"]) == ("bot@example.com", "trader@example.com")
    assert len(mail["Subject"]) == 121 and mail["Importance"] is None
    assert "x" * 300 in mail.get_content() and "\n.\nafter a dot" in mail.get_content().replace("\r\n", "\n")


def test_a_header_cannot_be_smuggled_into_a_mail(smtp: Received):
    with pytest.raises(NotifyFailed, match="linefeed"):
        to(smtp.url).tell(a_message(title="a\r\nBcc: x@example.com"))

    assert smtp.bodies == []


@pytest.mark.parametrize("server", [servers.telegram, servers.smtp, servers.webhook])
def test_what_fails_says_why_and_no_secret(server: AbstractContextManager[Received]):
    with server() as received:  # type: ignore[operator]
        received.status = 503
        refused = failure(received.url)
        dead = received.url
    gone = failure(dead)

    for words in (refused, gone):
        assert words and "Traceback" not in words
        assert not any(secret in words for secret in (servers.TOKEN, servers.PASSWORD, "hush-hush"))


def failure(url: str) -> str:
    with pytest.raises(NotifyFailed) as failed:
        to(url).tell(a_message())
    return str(failed.value)


def test_a_redirect_is_not_followed(webhook: Received):
    webhook.status, webhook.redirect = 302, "/elsewhere"

    assert failure(webhook.url) == "the webhook answered 302"
    assert len(webhook.headers) == 1


def test_a_password_does_not_leave_this_machine_unencrypted(smtp: Received, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("executor.notify.mail.is_loopback", lambda url: False)

    assert "STARTTLS" in failure(smtp.url)
    assert smtp.bodies == []


def test_the_heartbeat_calls_its_address(webhook: Received):
    HeartbeatCall(webhook.url)()
    webhook.status = 404

    with pytest.raises(NotifyFailed, match="404"):
        HeartbeatCall(webhook.url)()
    assert webhook.bodies == ["/hush-hush"]


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # apprise's own, on Python 3.11
def test_whatever_apprise_knows_is_reached_through_it(webhook: Received):
    to(webhook.url.replace("http://", "json://")).tell(a_message())

    assert webhook.bodies[0]["title"] == "[LIVE default] REFUSED: no"
    assert "understand" in failure("nonesuch://hush")


class NeverEnding(httpx.BaseTransport):
    """Answers 200 and then goes on for ever, as an address that streams what it hears does."""

    def handle_request(self, _request: httpx.Request) -> httpx.Response:
        def lines() -> Iterator[bytes]:
            for number in range(1_000_000):
                self.given = number
                yield b'{"event": "keepalive"}\n'

        return httpx.Response(200, content=lines())


def test_an_answer_without_end_keeps_nobody_from_telling_the_next() -> None:
    endless = NeverEnding()
    (address,) = notify_addresses(Reader({"EXECUTOR_NOTIFY_URLS": "https://n.test/x"}))
    assert isinstance(address, Webhook)

    WebhookNotifier(address, transport=endless).tell(a_message())
    HeartbeatCall("https://n.test/beat", transport=endless)()
    with pytest.raises(NotifyFailed):
        TelegramNotifier(Telegram("telegram://t@1", "t", "1"), transport=endless).tell(a_message())

    assert endless.given < 10_000
