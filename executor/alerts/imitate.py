"""What TradingView does with a rendered alert: POST the text (tradingview.md A1). Used to try a template out.

With `headers` it is another sender, which signs.

As TradingView does, it follows no redirect, gives up after 3 seconds and repeats only what was answered with 5xx
other than 504.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import httpx

TIMEOUT_S = 3.0
PAUSE_S = 5.0
RESENDS = 3


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    text: str


@dataclass(frozen=True, slots=True)
class NotAnswered:
    why: str


def send(
    client: httpx.Client,
    url: str,
    message: str,
    *,
    headers: Mapping[str, str] = MappingProxyType({}),
    resends: int = 0,
    pause: Callable[[float], object],
) -> Answered | NotAnswered:
    """POST a message, and again after `pause(5)` when the answer is a server's error; never raises for an answer."""
    answer = _post(client, url, message, headers)
    for _ in range(resends):
        if not isinstance(answer, Answered) or answer.status < 500 or answer.status == 504:
            break
        pause(PAUSE_S)
        answer = _post(client, url, message, headers)
    return answer


def open_client(transport: httpx.BaseTransport | None = None) -> httpx.Client:
    """A client that behaves as TradingView: no redirects, no proxy of the environment, 3 seconds."""
    return httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False, transport=transport)


def _post(client: httpx.Client, url: str, message: str, headers: Mapping[str, str]) -> Answered | NotAnswered:
    kind = "application/json" if _is_json(message) else "text/plain"
    sent = {"Content-Type": f"{kind}; charset=utf-8", **headers}
    try:
        answer = client.post(url, content=message.encode(), headers=sent)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        return NotAnswered(f"{type(error).__name__}: {error}")
    return Answered(answer.status_code, answer.text)


def _is_json(message: str) -> bool:
    try:
        json.loads(message)
    except ValueError:
        return False
    return True
