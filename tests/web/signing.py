"""A sender that signs by hand, as the Standard Webhooks specification says: neither our code nor a library does it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from werkzeug.test import TestResponse

from executor.alerts.address import standard_webhook_secret
from executor.domain.strategy import Strategy
from tests.alerts.sending import KEYS, STRATEGY
from tests.web.conftest import Web

PATH = "/hook/trend"
SECRET = standard_webhook_secret(KEYS, STRATEGY)
PROBLEM = "application/problem+json"
FIELDS = {
    "v": 1,
    "ticker": "SBIN",
    "exchange": "NSE",
    "action": "buy",
    "price": 812.5,
    "fired_at": "2026-11-25T03:49:58Z",
}
BODY = json.dumps(FIELDS).encode()


@dataclass(frozen=True)
class Sender:
    """Signs and posts."""

    web: Web
    secret: str = SECRET

    def headers(self, body: bytes = BODY, *, id: str = "msg_1", at: datetime | None = None) -> dict[str, str]:
        when = str(int((at or self.web.clock.now()).timestamp()))
        return {"webhook-id": id, "webhook-timestamp": when, "webhook-signature": self.signature(body, id, when)}

    def signature(self, body: bytes, id: str, when: str) -> str:
        key = base64.b64decode(self.secret.removeprefix("whsec_"))
        mac = hmac.new(key, f"{id}.{when}.".encode() + body, hashlib.sha256).digest()
        return f"v1,{base64.b64encode(mac).decode()}"

    def post(self, body: bytes = BODY, *, id: str = "msg_1", sent: bytes | None = None, **put: str) -> TestResponse:
        """Sign a body and post it, or post what was `sent` instead; `put_timestamp` and its like replace a header, or
        take it away when empty.
        """
        given = self.headers(body, id=id) | {name.replace("put_", "webhook-"): value for name, value in put.items()}
        headers = {name: value for name, value in given.items() if value}
        return self.web.post(body if sent is None else sent, path=PATH, headers=headers)


def fields(**more: Any) -> bytes:
    return json.dumps({**FIELDS, **more}).encode()


def told(answer: TestResponse) -> tuple[int, str]:
    assert answer.json is not None and answer.mimetype == PROBLEM
    return answer.status_code, answer.json["code"]


def saved(web: Web, strategy: Strategy) -> None:
    web.store.people.save_strategy(strategy, by="test", at=web.clock.now())
