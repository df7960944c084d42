"""A scripted SmartAPI host, and values that these tests share."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import httpx

from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.credentials import Credentials, headers_of
from executor.broker.smartapi.wire import Wire
from executor.clock import IST, ManualClock
from executor.domain.ids import BrokerOrderId, IntentId, OrderId, OrderTag
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.intent import Intent, IntentKind, OrderRequest, PermitClass
from executor.domain.order import OrderType, Side
from executor.domain.strategy import Product

START = datetime(2026, 11, 25, 9, 20, tzinfo=IST).astimezone(UTC)
LOGIN = Credentials(
    api_key="k3yK3yk3",
    client_code="T100200",
    pin="4071",
    totp_secret="MFRGGZDFMZTWQ2LKNNWG23TPOBYXE43U",
    public_ip="203.0.113.7",
)
JWT, REFRESH, FEED = "eyJhbGciOiJIUzUxMiJ9.eyJzdWIiOiJ0In0.c2ln", "refresh-000111222", "feed-000111222"
TAG = OrderTag("x0123456789abc00")
ORDER = "261125000000017"

Script = Callable[[httpx.Request], httpx.Response]


def ok(data: Any) -> httpx.Response:
    return httpx.Response(200, json={"status": True, "message": "SUCCESS", "errorcode": "", "data": data})


def business_error(code: str, message: str, data: Any = None) -> httpx.Response:
    return httpx.Response(200, json={"status": False, "message": message, "errorcode": code, "data": data})


def gateway_error(code: str, message: str) -> httpx.Response:
    return httpx.Response(200, json={"success": False, "message": message, "errorCode": code, "data": ""})


class Host:
    """Answers each route as told; keeps every request."""

    def __init__(self) -> None:
        self.requests: list[httpx.Request] = []
        self.answers: dict[str, httpx.Response | Script] = {
            "loginByPassword": ok({"jwtToken": JWT, "refreshToken": REFRESH, "feedToken": FEED, "state": None}),
            "getProfile": ok({"clientcode": LOGIN.client_code, "exchanges": ["nse_cm"]}),
        }

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers[request.url.path.rpartition("/")[2]]
        return answer if isinstance(answer, httpx.Response) else answer(request)

    def bodies(self, route: str) -> list[Any]:
        found = [request for request in self.requests if request.url.path.endswith(route)]
        return [json.loads(request.content) for request in found]

    def names(self) -> list[str]:
        return [request.url.path.rpartition("/")[2] for request in self.requests]


def a_wire(host: Script, credentials: Credentials = LOGIN) -> Wire:
    return Wire("https://api.test", headers=headers_of(credentials), transport=httpx.MockTransport(host))


def a_client(host: Host, **changes: Any) -> SmartApi:
    fields: dict[str, Any] = {"wire": a_wire(host), "clock": ManualClock(START), "reserve_step": lambda _step: None}
    return SmartApi(changes.pop("credentials", LOGIN), **{**fields, **changes})


def an_open_client(host: Host, **changes: Any) -> SmartApi:
    client = a_client(host, **changes)
    client.open_session(None)
    return client


def raising(error: Exception) -> Script:
    def script(_request: httpx.Request) -> httpx.Response:
        raise error

    return script


def a_request(**changes: Any) -> OrderRequest:
    fields: dict[str, Any] = {
        "instrument": InstrumentKey(Segment.NSE, "3045"),
        "symbol": "SBIN-EQ",
        "side": Side.BUY,
        "product": Product.INTRADAY,
        "type": OrderType.LIMIT,
        "quantity": 10,
        "price": Decimal("820.05"),
        "trigger": None,
        "tag": TAG,
        "broker_id": None,
    }
    return OrderRequest(**{**fields, **changes})


def an_intent(kind: IntentKind = IntentKind.PLACE, **changes: Any) -> Intent:
    if kind is not IntentKind.PLACE:
        changes = {"broker_id": BrokerOrderId(ORDER), **changes}
    return Intent(
        id=IntentId("0000000000001"),
        order=OrderId("0000000000002"),
        account="main",
        kind=kind,
        permit=PermitClass.ENTER,
        request=a_request(**changes),
        created_at=START,
    )


def an_entry(**changes: Any) -> dict[str, Any]:
    """An entry of the order book with the types of smartapi.md 2.6."""
    return {
        "variety": "NORMAL",
        "ordertype": "LIMIT",
        "producttype": "INTRADAY",
        "duration": "DAY",
        "price": 820.05,
        "triggerprice": 0.0,
        "quantity": "10",
        "disclosedquantity": "0",
        "tradingsymbol": "SBIN-EQ",
        "transactiontype": "BUY",
        "exchange": "NSE",
        "symboltoken": "3045",
        "averageprice": 0.0,
        "filledshares": "0",
        "unfilledshares": "10",
        "orderid": ORDER,
        "text": "",
        "status": "open",
        "orderstatus": "open",
        "updatetime": "25-Nov-2026 09:20:01",
        "ordertag": TAG,
        "uniqueorderid": "5a1c",
        **changes,
    }
