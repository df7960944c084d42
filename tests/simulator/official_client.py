"""The broker's own Python client, unmodified but for the host, and ours, through the same calls; prints what was sent.

A program of its own: that client asks the internet for this machine's address when it is imported, writes a log folder
where it stands, and warns. Standard output: one JSON object, `{"answers": {…}, "theirs": {…}, "ours": {…}}`.
"""

from __future__ import annotations

import json
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pyotp
import requests
from flask import request
from werkzeug.serving import make_server

from executor.broker.smartapi.client import SmartApi
from executor.broker.smartapi.credentials import Credentials, headers_of
from executor.broker.smartapi.wire import Wire
from executor.clock import IST, ManualClock
from executor.domain.conversion import Conversion, Taken
from executor.domain.ids import BrokerOrderId, IntentId, OrderId, OrderTag
from executor.domain.instrument import InstrumentKey, Segment
from executor.domain.intent import Accepted, Intent, IntentKind, OrderRequest, PermitClass
from executor.domain.order import OrderType, Side
from executor.domain.reading import Query, QueryKind, Sketch
from executor.domain.strategy import Product
from executor.simulator import SimulatorConfig, create_app, credentials

OPEN = datetime(2026, 11, 25, 10, 0, tzinfo=IST).astimezone(UTC)
LOGIN = credentials(7)
SBIN = {"tradingsymbol": "SBIN-EQ", "symboltoken": "3045", "exchange": "NSE"}
#: What a conversion repeats of the position (smartapi.md 2.11).
OF_THE_ROW = (
    *("exchange", "symboltoken", "tradingsymbol", "symbolname", "instrumenttype", "priceden", "pricenum", "genden"),
    *("gennum", "precision", "multiplier", "boardlotsize", "buyqty", "sellqty", "buyamount", "sellamount"),
)
TERMS = {"ordertype": "LIMIT", "producttype": "INTRADAY", "duration": "DAY"}


class Host:
    """A simulator on a port that keeps the first request to each route as it came."""

    def __init__(self) -> None:
        self.clock = ManualClock(OPEN)
        self.sent: dict[str, dict[str, Any]] = {}
        app = create_app(SimulatorConfig(seed=7, limits=False), self.clock)
        app.before_request(self._keep)
        self.exchange = app.extensions["simulation"].exchange
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def fill(self, number: str) -> None:
        """Have an order trade."""
        order = self.exchange.book.get(number)
        self.exchange.fill(order, order.open_quantity, price=order.terms.price)

    def unique_id(self, number: str) -> str:
        return str(self.exchange.book.get(number).unique_id)

    def _keep(self) -> None:
        way, _, route = request.path.rstrip("/").rpartition("/")
        path = request.path
        if way.endswith("/details"):  # an order's own name behind it
            route, path = "details", way
        headers = {name.lower(): value for name, value in request.headers}
        body = request.get_json(silent=True)
        came = {
            "method": request.method,
            "path": path,
            "query": request.query_string.decode(),
            "headers": headers,
            "body": body,
        }
        self.sent.setdefault(route, came)


def theirs(host: Host) -> dict[str, Any]:
    """The official client: login, orders, books, renewal, logout; its answers."""
    asks, requests.get = requests.get, _no_network  # it asks for this machine's address on import
    from SmartApi import SmartConnect

    requests.get = asks
    SmartConnect._rootUrl = host.url  # the one call that does not heed `root`
    api = SmartConnect(api_key=LOGIN.api_key, root=host.url)
    code = pyotp.TOTP(LOGIN.totp_secret).at(host.clock.now())
    answers: dict[str, Any] = {"login": api.generateSession(LOGIN.client_code, LOGIN.pin, code)}
    refresh = answers["login"]["data"]["refreshToken"]
    answers["funds"] = api.rmsLimit()
    answers["price"] = api.ltpData("NSE", "SBIN-EQ", "3045")
    placing = {**SBIN, **TERMS, "variety": "NORMAL", "transactiontype": "BUY", "price": "805.20", "quantity": "1"}
    rest = {"triggerprice": "0", "squareoff": "0", "stoploss": "0", "ordertag": "their-tag", "scripconsent": "yes"}
    number = answers["place"] = api.placeOrder({**placing, **rest})
    stop = {**placing, **rest, "variety": "STOPLOSS", "ordertype": "STOPLOSS_LIMIT", "transactiontype": "SELL"}
    answers["stop"] = api.placeOrderFullResponse({**stop, "price": 790.0, "triggerprice": 792.0, "quantity": 1})
    change = {**SBIN, **TERMS, "variety": "NORMAL", "orderid": number, "price": "805.15", "quantity": "1"}
    answers["modify"] = api.modifyOrder(change)
    answers["book"] = api.orderBook()
    answers["cancel"] = api.cancelOrder(number, "NORMAL")
    answers["trades"], answers["positions"], answers["holdings"] = api.tradeBook(), api.position(), api.holding()
    answers["quote"] = api.getMarketData("FULL", {"NSE": ["3045"]})
    answers |= asked(host, api, {**placing, **rest})
    answers["renewed"] = api.generateToken(refresh)
    answers["profile"] = api.getProfile(refresh)
    answers["logout"] = api.terminateSession(LOGIN.client_code)
    return answers


def asked(host: Host, api: Any, order: dict[str, str]) -> dict[str, Any]:
    """One order, what another would take, and a position that goes on under another product; as the docs spell them."""
    number = api.placeOrder(order)
    host.fill(number)
    (row,) = api.position()["data"]
    sketch = {"exchange": "NSE", "qty": 1, "price": 805.2, "productType": "INTRADAY", "token": "3045"}
    charged = {"product_type": "INTRADAY", "transaction_type": "BUY", "quantity": "1", "price": "805.20"}
    converted = {name: row[name] for name in OF_THE_ROW}
    converted |= {"oldproducttype": "INTRADAY", "newproducttype": "DELIVERY", "transactiontype": "BUY"}
    return {
        "details": api.individual_order_details(host.unique_id(number)),
        "margin": api.getMarginApi({"positions": [{**sketch, "tradeType": "BUY", "orderType": "LIMIT"}]}),
        "charges": api.estimateCharges(
            {"orders": [{**charged, "exchange": "NSE", "symbol_name": "SBIN", "token": "3045"}]}
        ),
        "convert": api.convertPosition({**converted, "quantity": 1, "type": "DAY"}),
    }


def ours(host: Host) -> None:
    secrets = Credentials(LOGIN.api_key, LOGIN.client_code, LOGIN.pin, LOGIN.totp_secret)
    wire = Wire(host.url, headers=headers_of(secrets))
    client = SmartApi(secrets, wire=wire, clock=host.clock, reserve_step=lambda _step: None)
    session = client.open_session(None)
    key = InstrumentKey(Segment.NSE, "3045")
    order = OrderRequest(
        key, "SBIN-EQ", Side.BUY, Product.INTRADAY, OrderType.LIMIT, 1, Decimal("805.20"), None, OrderTag("our-tag")
    )
    placed = client.send(_intent(IntentKind.PLACE, order)).answer
    assert isinstance(placed, Accepted), placed
    changed = OrderRequest(
        key,
        "SBIN-EQ",
        Side.BUY,
        Product.INTRADAY,
        OrderType.LIMIT,
        1,
        Decimal("805.15"),
        None,
        OrderTag("our-tag"),
        BrokerOrderId(placed.order_id),
    )
    for kind in (IntentKind.MODIFY, IntentKind.CANCEL):
        answer = client.send(_intent(kind, changed)).answer
        assert isinstance(answer, Accepted), answer
    for read in (QueryKind.ORDER_BOOK, QueryKind.TRADES, QueryKind.POSITIONS, QueryKind.HOLDINGS, QueryKind.FUNDS):
        client.read(Query(read))
    client.read(Query(QueryKind.LTP, key, "SBIN-EQ"))
    client.read(Query(QueryKind.QUOTES, instruments=(key,)))
    bought = client.send(_intent(IntentKind.PLACE, order)).answer
    assert isinstance(bought, Accepted), bought
    host.fill(bought.order_id)
    client.read(Query(QueryKind.ORDER, unique_id=host.unique_id(bought.order_id)))
    sketch = Sketch("SBIN-EQ", Side.BUY, Product.INTRADAY, 1, Decimal("805.20"))
    for read in (QueryKind.MARGIN, QueryKind.CHARGES):
        client.read(Query(read, key, sketch=sketch))
    wanted = Conversion(Segment.NSE, "SBIN-EQ", Product.INTRADAY, Product.DELIVERY, 1)
    converted = client.convert(wanted).answer
    assert converted == Taken(), converted
    client.open_session(replace(session, ends_at=host.clock.now()))  # it ran out: it is renewed
    client.close_session()
    wire.close()


def _intent(kind: IntentKind, asked: OrderRequest) -> Intent:
    return Intent(IntentId("0" * 13), OrderId("1" * 13), "default", kind, PermitClass.ENTER, asked, OPEN)


def _no_network(*_: object, **__: object) -> None:
    raise requests.ConnectionError("there is no network here")


def main() -> None:
    first, second = Host(), Host()
    answers = theirs(first)
    ours(second)
    json.dump({"answers": answers, "theirs": first.sent, "ours": second.sent}, sys.stdout, default=str)


if __name__ == "__main__":
    main()
