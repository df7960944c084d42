"""A plain SmartAPI client for these tests, in the same process as the simulator."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import httpx
import pyotp

from executor.clock import IST, ManualClock
from executor.simulator import SimulatorConfig, create_app, credentials
from executor.simulator.simulation import Simulation
from executor.simulator.wire.http import MASTER_PATH

SECURE = "/rest/secure/angelbroking"
LOGIN = "/rest/auth/angelbroking/user/v1/loginByPassword"
TOKENS = "/rest/auth/angelbroking/jwt/v1/generateTokens"
WEDNESDAY = datetime(2026, 11, 25, 9, 20, tzinfo=IST).astimezone(UTC)


class Client:
    """A simulator, its clock and a logged-in client."""

    def __init__(self, *, at: datetime = WEDNESDAY, login: bool = True, **options: Any) -> None:
        self.config = SimulatorConfig(**{"limits": False, **options})
        self.clock = ManualClock(at)
        app = create_app(self.config, self.clock)
        self.simulation: Simulation = app.extensions["simulation"]
        transport = httpx.WSGITransport(app)
        self.http = httpx.Client(transport=transport, base_url="http://simulator")
        self.own = credentials(self.config.seed)
        self.http.headers.update(headers(self.own.api_key))
        if login:
            self.tokens = self.login().json()["data"]
            self.http.headers["Authorization"] = f"Bearer {self.tokens['jwtToken']}"

    def login(self, **changes: Any) -> httpx.Response:
        code = pyotp.TOTP(self.own.totp_secret).at(self.clock.now())
        body = {"clientcode": self.own.client_code, "password": self.own.pin, "totp": code}
        return self.http.post(LOGIN, json={**body, **changes})

    def go(self, to: str) -> None:
        """Set the clock to an Indian time, "2026-11-26 09:20", and log in there."""
        self.clock.set(datetime.fromisoformat(to).replace(tzinfo=IST))
        self.tokens = self.login().json()["data"]
        self.http.headers["Authorization"] = f"Bearer {self.tokens['jwtToken']}"

    def contract(self, token: str, exchange: str = "NFO", **changes: Any) -> dict[str, Any]:
        """Return what makes a ticket one of a contract: one lot, carried forward."""
        key = (exchange, token)
        row = next(one for one in self.master() if (one["exch_seg"], one["token"]) == key)
        named = {"tradingsymbol": row["symbol"], "symboltoken": token, "exchange": exchange}
        return {**named, "producttype": "CARRYFORWARD", "quantity": row["lotsize"], **changes}

    def master(self) -> Any:
        return self.http.get(MASTER_PATH).json()

    def positions(self) -> Any:
        return self.get("/order/v1/getPosition")["data"] or []

    def holdings(self) -> Any:
        return self.get("/portfolio/v1/getHolding")["data"]

    def post(self, path: str, body: Any) -> Any:
        return self.http.post(f"{SECURE}{path}", json=body).json()

    def get(self, path: str) -> Any:
        return self.http.get(f"{SECURE}{path}").json()

    def place(self, **changes: Any) -> Any:
        return self.post("/order/v1/placeOrder", ticket(**changes))

    def placed(self, **changes: Any) -> str:
        """Place an order that is taken; return its id."""
        return str(self.place(**changes)["data"]["orderid"])

    def modify(self, order_id: str, **changes: Any) -> Any:
        body = {name: value for name, value in ticket(**changes).items() if name != "transactiontype"}
        return self.post("/order/v1/modifyOrder", {**body, "orderid": order_id})

    def cancel(self, order_id: str, variety: str = "NORMAL") -> Any:
        return self.post("/order/v1/cancelOrder", {"variety": variety, "orderid": order_id})

    def book(self) -> Any:
        return self.get("/order/v1/getOrderBook")["data"]

    def order(self, order_id: str) -> Any:
        """Return the order as the book shows it."""
        return next(entry for entry in self.book() if entry["orderid"] == order_id)

    def control(self, path: str, body: Any = None) -> httpx.Response:
        return self.http.post(f"/_control/{path}", json=body or {})

    def price(self, ltp: str, token: str = "3045", exchange: str = "NSE") -> None:
        assert self.control("price", {"exchange": exchange, "token": token, "ltp": ltp}).status_code == 200

    def fault(self, route: str, kind: str, **detail: Any) -> None:
        assert self.control("fault", {"route": route, "kind": kind, **detail}).status_code == 200

    def state(self) -> Any:
        return self.http.get("/_control/state").json()


def headers(api_key: str) -> dict[str, str]:
    return {
        "X-PrivateKey": api_key,
        "X-UserType": "USER",
        "X-SourceID": "WEB",
        "X-ClientLocalIP": "127.0.0.1",
        "X-ClientPublicIP": "203.0.113.7",
        "X-MACAddress": "02:00:00:00:00:01",
    }


def ticket(**changes: Any) -> dict[str, Any]:
    """Return placeOrder's body: buy 10 SBIN at 800, intraday."""
    return {
        "variety": "NORMAL",
        "tradingsymbol": "SBIN-EQ",
        "symboltoken": "3045",
        "transactiontype": "BUY",
        "exchange": "NSE",
        "ordertype": "LIMIT",
        "producttype": "INTRADAY",
        "duration": "DAY",
        "quantity": "10",
        "price": "800.00",
        **changes,
    }


def stop(**changes: Any) -> dict[str, Any]:
    """Return what makes a ticket a stop that sells at 790, limit 785."""
    return {
        "variety": "STOPLOSS",
        "ordertype": "STOPLOSS_LIMIT",
        "transactiontype": "SELL",
        "triggerprice": "790.00",
        "price": "785.00",
        **changes,
    }
