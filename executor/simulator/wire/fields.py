"""The JSON of books and quotes, field by field with the recorded types (smartapi.md 2.6-2.12).

Prices are floats and quantities strings in the order book; all is text in trades and positions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any

from executor.clock import IST
from executor.simulator.exchange.instrument import Instrument
from executor.simulator.exchange.orders import Fill, Order, State
from executor.simulator.exchange.positions import Position, average
from executor.simulator.exchange.priced import Priced


@lru_cache(maxsize=4096)  # a book tells the same moments at each reading
def stamp(at: datetime | None) -> str:
    """Return `dd-Mon-yyyy HH:MM:SS` in IST, empty for None."""
    return "" if at is None else f"{at.astimezone(IST):%d-%b-%Y %H:%M:%S}"


def order_detail(order: Order) -> dict[str, Any]:
    """Return one order as the details call shows it."""
    terms, is_out = order.terms, order.state in (State.CANCELLED, State.PARKED_CANCELLED)
    unfilled = terms.quantity - order.filled if is_out else order.open_quantity
    return {
        "variety": variety(order),
        "ordertype": terms.type.value,
        "producttype": terms.product,
        "duration": terms.duration,
        "price": float(terms.price),
        "triggerprice": float(terms.trigger),
        "quantity": str(terms.quantity),
        "disclosedquantity": str(order.disclosed),
        "squareoff": 0.0,
        "stoploss": 0.0,
        "trailingstoploss": 0.0,
        "tradingsymbol": order.instrument.symbol,
        "transactiontype": order.side.value,
        "exchange": order.instrument.exchange,
        "symboltoken": order.instrument.token,
        "ordertag": order.tag,
        "instrumenttype": order.instrument.kind,
        "strikeprice": _strike(order.instrument),
        "optiontype": order.instrument.option_type,
        "expirydate": order.instrument.expiry,
        "lotsize": str(order.instrument.lot),
        "cancelsize": str(order.cancelled),
        "averageprice": float(order.average),
        "filledshares": str(order.filled),
        "unfilledshares": str(unfilled),
        "orderid": order.order_id,
        "text": order.text,
        "status": order.event or order.state.value,
        "orderstatus": order.state.value,
        "updatetime": stamp(order.updated_at),
        "exchtime": stamp(order.reached_at),
        "exchorderupdatetime": stamp(order.updated_at if order.reached_at else None),
        "fillid": "",
        "filltime": "",
        "parentorderid": "",
        "uniqueorderid": order.unique_id,
    }


def order_entry(order: Order) -> dict[str, Any]:
    """Return one order as the order book shows it."""
    return {**order_detail(order), "exchangeorderid": order.exchange_id if order.reached_at else ""}


def variety(order: Order) -> str:
    """Return NORMAL or STOPLOSS by the order's type, AMO for one that was parked."""
    if order.after_market:
        return "AMO"
    return "STOPLOSS" if order.terms.type.has_trigger else "NORMAL"


def trade_entry(fill: Fill) -> dict[str, str]:
    instrument = fill.instrument
    return {
        "exchange": instrument.exchange,
        "producttype": fill.product,
        "tradingsymbol": instrument.symbol,
        "instrumenttype": instrument.kind,
        "symbolgroup": _group(instrument),
        "strikeprice": str(_strike(instrument)),
        "optiontype": instrument.option_type,
        "expirydate": instrument.expiry,
        "marketlot": str(instrument.lot),
        "precision": "2",
        "multiplier": "-1",
        "tradevalue": _money(fill.price * fill.quantity),
        "transactiontype": fill.side.value,
        "fillprice": _money(fill.price),
        "fillsize": str(fill.quantity),
        "orderid": fill.order_id,
        "fillid": fill.fill_id,
        "filltime": f"{fill.at.astimezone(IST):%H:%M:%S}",
    }


def position_entry(row: Position, walk: Priced) -> dict[str, str]:
    return {**_position_head(row), **_position_money(row), **_position_result(row, walk)}


def holding_entry(row: Position, walk: Priced) -> dict[str, Any]:
    paid = row.carried_value
    gain = row.net * walk.ltp - paid
    return {
        "tradingsymbol": row.instrument.symbol,
        "exchange": row.instrument.exchange,
        "isin": "",
        "t1quantity": 0,
        "realisedquantity": row.net,
        "quantity": row.net,
        "authorisedquantity": 0,
        "product": "DELIVERY",
        "collateralquantity": None,
        "collateraltype": None,
        "haircut": 0.0,
        "averageprice": _number(average(paid, row.net)),
        "ltp": float(walk.ltp),
        "symboltoken": row.instrument.token,
        "close": float(walk.previous_close),
        "profitandloss": _number(gain),
        "pnlpercentage": _number(gain * 100 / paid),
    }


def holding_total(entries: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return the sums of holdings as `holding_entry` shows them."""
    value, paid = (sum(entry["quantity"] * entry[price] for entry in entries) for price in ("ltp", "averageprice"))
    return {
        "totalholdingvalue": round(value, 2),
        "totalinvvalue": round(paid, 2),
        "totalprofitandloss": round(value - paid, 2),
        "totalpnlpercentage": round((value - paid) * 100 / paid, 2),
    }


def ltp_entry(walk: Priced) -> dict[str, Any]:
    opened, high, low, close = (float(price) for price in walk.day)
    return {
        "exchange": walk.instrument.exchange,
        "tradingsymbol": walk.instrument.symbol,
        "symboltoken": walk.instrument.token,
        "open": opened,
        "high": high,
        "low": low,
        "close": close,
        "ltp": float(walk.ltp),
    }


def _position_head(row: Position) -> dict[str, str]:
    instrument = row.instrument
    return {
        "symboltoken": instrument.token,
        "symbolname": instrument.name,
        "instrumenttype": instrument.kind,
        "priceden": "1.00",
        "pricenum": "1.00",
        "genden": "1.00",
        "gennum": "1.00",
        "precision": "2",
        "multiplier": "-1",
        "boardlotsize": "1",
        "exchange": instrument.exchange,
        "producttype": row.product,
        "tradingsymbol": instrument.symbol,
        "symbolgroup": _group(instrument),
        "strikeprice": str(_strike(instrument)),
        "optiontype": instrument.option_type,
        "expirydate": instrument.expiry,
        "lotsize": str(instrument.lot),
    }


def _position_money(row: Position) -> dict[str, str]:
    carried, value = row.carried_quantity, row.carried_value
    zero = Decimal(0)
    bought, sold = (value, zero) if carried > 0 else (zero, value)
    per_unit = _money(average(value, abs(carried)))
    return {
        "cfbuyqty": str(max(carried, 0)),
        "cfsellqty": str(max(-carried, 0)),
        "cfbuyamount": _money(bought),
        "cfsellamount": _money(sold),
        "cfbuyavgprice": per_unit if carried > 0 else "0.00",
        "cfsellavgprice": per_unit if carried < 0 else "0.00",
        "buyqty": str(row.buy_quantity),
        "sellqty": str(row.sell_quantity),
        "buyamount": _money(row.buy_value),
        "sellamount": _money(row.sell_value),
        "buyavgprice": _money(average(row.buy_value, row.buy_quantity)),
        "sellavgprice": _money(average(row.sell_value, row.sell_quantity)),
    }


def _position_result(row: Position, walk: Priced) -> dict[str, str]:
    (bought, paid), (sold, received) = row.total_buy, row.total_sell
    per_unit = _money(average(abs(received - paid), abs(row.net)))
    unrealised = row.unrealised(walk.ltp)
    return {
        "totalbuyvalue": _money(paid),
        "totalsellvalue": _money(received),
        "totalbuyavgprice": _money(average(paid, bought)),
        "totalsellavgprice": _money(average(received, sold)),
        "avgnetprice": per_unit,
        "netprice": per_unit,
        "netvalue": _money(received - paid),
        "netqty": str(row.net),
        "ltp": str(float(walk.ltp)),
        "close": str(float(walk.previous_close)),
        "realised": _money(row.realised),
        "unrealised": _money(unrealised),
        "pnl": _money(row.realised + unrealised),
    }


def _strike(instrument: Instrument) -> float:
    return -1.0 if instrument.strike is None else float(instrument.strike)


def _group(instrument: Instrument) -> str:
    return "EQ" if instrument.is_cash else "XX"


def _money(value: Decimal) -> str:
    return f"{value + 0:.2f}"  # + 0: no "-0.00"


def _number(value: Decimal) -> float:
    return float(round(value, 2))
