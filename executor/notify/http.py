"""Telegram's Bot API, JSON webhooks and the heartbeat: the only place of the notifier that knows httpx.

One call each, no redirects, no settings of the environment; no error names the address, for it holds a secret.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

import httpx

from executor.clock import IST
from executor.config.notices import Telegram, Webhook
from executor.errors import NotifyFailed
from executor.notify.message import Message

_TIMEOUT = httpx.Timeout(7.0, connect=4.0)
#: Telegram refuses longer messages (Bot API, sendMessage: 4096 characters).
_LONGEST = 4096
_CUT = "\n…"
#: What is read of an answer at most; Telegram's has some hundred bytes.
_LARGEST, _MOST_PIECES = 64 * 1024, 20


class TelegramNotifier:
    """A bot's chat, plain text: nothing in a message is markup."""

    def __init__(self, address: Telegram, *, transport: httpx.BaseTransport | None = None) -> None:
        self._address = address
        self._http = _Http(transport)

    def tell(self, message: Message) -> None:
        text = "\n".join(part for part in (message.title, message.body) if part)
        sent = {
            "chat_id": self._address.chat,
            "text": text if len(text) <= _LONGEST else text[: _LONGEST - len(_CUT)] + _CUT,
            "link_preview_options": {"is_disabled": True},
            "disable_notification": not message.is_urgent,
        }
        answer = self._http.post(f"{self._address.api}/bot{self._address.token}/sendMessage", sent)
        said = _json(answer.body)
        if answer.is_success and said.get("ok") is True:
            return
        words = str(said.get("description", "no reason given")).replace(self._address.token, "***")
        raise NotifyFailed(f"telegram answered {answer.status}: {words}", pause_s=_pause(said))


class WebhookNotifier:
    """An address that takes one JSON object a message."""

    def __init__(self, address: Webhook, *, transport: httpx.BaseTransport | None = None) -> None:
        self._url = address.url
        self._http = _Http(transport)

    def tell(self, message: Message) -> None:
        answer = self._http.post(self._url, webhook_body(message), headers={"webhook-id": message.id})
        if not answer.is_success:
            raise NotifyFailed(f"the webhook answered {answer.status}")


class HeartbeatCall:
    """An address that expects to be called."""

    def __init__(self, url: str, *, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._http = _Http(transport)

    def __call__(self) -> None:
        answer = self._http.get(self._url)
        if not answer.is_success:
            raise NotifyFailed(f"the heartbeat's address answered {answer.status}")


def webhook_body(message: Message) -> dict[str, Any]:
    """Version 1 of what a webhook is sent: extended, never broken."""
    return {
        "v": 1,
        "id": message.id,
        "kind": message.kind,
        "urgent": message.is_urgent,
        "title": message.title,
        "body": message.body,
        "notices": [
            {
                "kind": one.kind,
                "accounts": one.who,
                "text": one.text,
                "at": _stamp(one.at),
                "audit": one.seq or None,
            }
            for one in message.notices
        ],
    }


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    body: bytes

    @property
    def is_success(self) -> bool:
        return httpx.codes.is_success(self.status)


class _Http:
    """A client whose failures are NotifyFailed. What goes on answering is cut off: the other addresses wait for it."""

    def __init__(self, transport: httpx.BaseTransport | None) -> None:
        self._client = httpx.Client(transport=transport, timeout=_TIMEOUT, trust_env=False, follow_redirects=False)

    def post(self, url: str, body: Mapping[str, Any], *, headers: Mapping[str, str] | None = None) -> _Answer:
        content = json.dumps(body, ensure_ascii=False).encode()
        return self._call("POST", url, content=content, headers={"Content-Type": "application/json", **(headers or {})})

    def get(self, url: str) -> _Answer:
        return self._call("GET", url)

    def _call(self, method: str, url: str, **given: Any) -> _Answer:
        try:
            with self._client.stream(method, url, **given) as answer:
                return _Answer(answer.status_code, _beginning(answer))
        except httpx.TimeoutException:
            raise NotifyFailed("it did not answer in time") from None
        except (httpx.HTTPError, httpx.InvalidURL) as error:  # their words may hold the address
            raise NotifyFailed(f"it could not be reached ({type(error).__name__})") from None


def _beginning(answer: httpx.Response) -> bytes:
    """The body's first pieces: each may take its time, and none of ours has many."""
    body = b""
    for piece in islice(answer.iter_bytes(), _MOST_PIECES):
        body += piece
        if len(body) > _LARGEST:
            break
    return body


def _json(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _pause(said: Mapping[str, Any]) -> float:
    """How long Telegram asks to be left alone; what stands before it may answer in any form."""
    parameters = said.get("parameters")
    asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
    return float(asked) if isinstance(asked, int | float) else 0.0


def _stamp(at: datetime) -> str:
    return at.astimezone(IST).isoformat(timespec="milliseconds")
