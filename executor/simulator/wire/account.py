"""Login, profile, funds, positions and holdings."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from executor.clock import IST
from executor.simulator.exchange.convert import convert_position
from executor.simulator.exchange.hours import ist_day
from executor.simulator.exchange.positions import holdings, money_used, owned, positions
from executor.simulator.simulation import Simulation
from executor.simulator.wire.answers import Answer, Call, refused, success, try_later
from executor.simulator.wire.fields import holding_entry, holding_total, position_entry

_EXCHANGES = ["nse_fo", "nse_cm", "bse_fo", "bse_cm", "mcx_fo"]
_PRODUCTS = ["MARGIN", "MIS", "NRML", "CNC"]


def login(simulation: Simulation, call: Call) -> Answer:
    if call.body is None:
        return try_later()
    found = simulation.sessions.login(call.body, simulation.exchange.at)
    return found if isinstance(found, Answer) else success(found)


def tokens(simulation: Simulation, call: Call) -> Answer:
    token = (call.body or {}).get("refreshToken")
    found = simulation.sessions.refresh(str(token), simulation.exchange.at)
    return found if isinstance(found, Answer) else success(found)


def logout(simulation: Simulation, _call: Call) -> Answer:
    simulation.sessions.logout()
    return success("Logout Successfully")


def profile(simulation: Simulation, _call: Call) -> Answer:
    return success(
        {
            "clientcode": simulation.sessions.credentials.client_code,
            "name": "SIMULATED CLIENT",
            "email": "",
            "mobileno": "",
            "exchanges": _EXCHANGES,
            "products": _PRODUCTS,
            "lastlogintime": _login_time(simulation.sessions.last_login),
            "broker": "",
        }
    )


def funds(simulation: Simulation, call: Call) -> Answer:
    """Answer getRMS: text with four decimals, null where nothing is in use."""
    exchange, as_of = simulation.exchange, simulation.exchange.at - call.lag
    rows = owned(exchange.book.fills(as_of), ist_day(as_of))
    working = [order for key in exchange.book.watched() for order in exchange.book.working(key)]
    net = f"{exchange.rules.funds - money_used(rows, working):.4f}"
    nothing = dict.fromkeys(
        ("availableintradaypayin", "availablelimitmargin", "collateral", "m2munrealized", "m2mrealized"),
        "0.0000",
    )
    unused = dict.fromkeys(
        (
            "utilisedspan",
            "utilisedoptionpremium",
            "utilisedholdingsales",
            "utilisedexposure",
            "utilisedturnover",
        )
    )
    return success(
        {
            "net": net,
            "availablecash": net,
            **nothing,
            "utiliseddebits": "0.0000",
            **unused,
            "utilisedpayout": net,
        }
    )


def position_book(simulation: Simulation, call: Call) -> Answer:
    exchange, as_of = simulation.exchange, simulation.exchange.at - call.lag
    rows = positions(exchange.book.fills(as_of), ist_day(as_of))
    return success([position_entry(row, exchange.walk(row.instrument.key)) for row in rows] or None)


def convert(simulation: Simulation, call: Call) -> Answer:
    """Answer convertPosition; what it says beside contract, products, side and quantity is not compared."""
    body = call.body or {}
    key = (str(body.get("exchange")), str(body.get("symboltoken")))
    old, new = str(body.get("oldproducttype")), str(body.get("newproducttype"))
    quantity = str(body.get("quantity"))
    if not quantity.isdigit() or key not in simulation.exchange.walks:
        return refused("AB1007", "INVALID PARAMETERS")
    signed = int(quantity) if body.get("transactiontype") == "BUY" else -int(quantity)
    done = convert_position(simulation.exchange, key, old=old, new=new, signed=signed)
    return success(None) if done else refused("AB1017", "Position conversion failed")


def holding_book(simulation: Simulation, call: Call) -> Answer:
    return success(_holdings(simulation, call))


def all_holdings(simulation: Simulation, call: Call) -> Answer:
    """Answer getAllHolding: the holdings and their sums; both null where there are none."""
    entries = _holdings(simulation, call)
    return success({"holdings": entries or None, "totalholding": holding_total(entries) if entries else None})


def _holdings(simulation: Simulation, call: Call) -> list[dict[str, Any]]:
    exchange, as_of = simulation.exchange, simulation.exchange.at - call.lag
    rows = holdings(exchange.book.fills(as_of), ist_day(as_of), sold_stay=exchange.rules.sold_holdings_stay)
    return [holding_entry(row, exchange.walk(row.instrument.key)) for row in rows]


def _login_time(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone(IST):%Y-%m-%d %H:%M:%S}"
