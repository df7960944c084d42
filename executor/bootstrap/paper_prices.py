"""What a contract costs on the paper exchange, as truly as can be known.

Quotes of an account with a login come first. Without one, an alert's own price for the contract; from there the
price walks by chance, and what trades at it is marked synthetic. So are options whose underlying alone was told: they
cost what the simulator's model says. A contract without any price is not listed: the exchange refuses it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from threading import Lock

from executor.broker.limits import Limits, PermitBook, Window
from executor.broker.port import Broker
from executor.clock import Clock
from executor.domain.instrument import ContractClass, Instrument, InstrumentKey, Kind, Segment
from executor.domain.option import OptionChain
from executor.domain.reading import Query, QueryKind
from executor.errors import BrokerUnavailable, SessionLost
from executor.simulator.exchange.hours import ist_day
from executor.simulator.exchange.instrument import Instrument as Listed
from executor.simulator.exchange.positions import holdings, positions
from executor.simulator.simulation import Simulation
from executor.simulator.snapshot import list_instrument
from executor.store.paper import SYNTHETIC

#: What our own limits (data/limits.toml) leave of the broker's 10 a second and 500 a minute.
_QUOTES = (Window(2, timedelta(seconds=1)), Window(45, timedelta(seconds=60)))
#: A quote is taken for the price so long; what is followed is asked for again after the second span.
_FRESH_S, _AGAIN_S = 10.0, 2.0
#: An alert's own price counts so long, as for the desk (DESIGN: Orders).
_TOLD_FRESH = timedelta(seconds=10)

_KINDS = {
    ContractClass.INDEX_FUTURE: "FUTIDX",
    ContractClass.STOCK_FUTURE: "FUTSTK",
    ContractClass.COMMODITY_FUTURE: "FUTCOM",
    ContractClass.INDEX_OPTION: "OPTIDX",
    ContractClass.STOCK_OPTION: "OPTSTK",
    ContractClass.COMMODITY_OPTION: "OPTFUT",
}


class Quotes:
    """Last prices as another account's broker tells them, as often as its own reads leave room for."""

    def __init__(self, broker: Callable[[], Broker | None], clock: Clock) -> None:
        """`broker` is None while there is no account with a login, or another trader has it."""
        self._broker = broker
        self._clock = clock
        self._permits = PermitBook(Limits((), {QueryKind.LTP: _QUOTES}))
        self._lock = Lock()

    @property
    def there_are(self) -> bool:
        return self._broker() is not None

    def last(self, instrument: InstrumentKey, symbol: str) -> Decimal | None:
        """The price of this moment; None when there is none to be had."""
        broker = self._broker()
        if broker is None or not self._granted():
            return None
        try:
            found = broker.read(Query(QueryKind.LTP, instrument, symbol)).price
        except (BrokerUnavailable, SessionLost):
            return None
        return found.value if found else None

    def _granted(self) -> bool:
        with self._lock:
            return self._permits.take_read(QueryKind.LTP, self._clock.now())


@dataclass(frozen=True, slots=True)
class _Told:
    """An alert's own price for a contract."""

    price: Decimal
    fired_at: datetime


class PaperPrices:
    """Lists contracts on the paper exchange and prices them; called by any thread."""

    def __init__(
        self,
        simulation: Simulation,
        *,
        find: Callable[[InstrumentKey], Instrument | None],
        quotes: Quotes,
        clock: Clock,
        seed: int,
    ) -> None:
        """`find` looks into our instrument table."""
        self._simulation = simulation
        self._find = find
        self._quotes = quotes
        self._clock = clock
        self._seed = seed
        self._told: dict[InstrumentKey, _Told] = {}
        self._underlyings: dict[InstrumentKey, InstrumentKey] = {}
        self._quoted_at: dict[InstrumentKey, float] = {}

    def tell(self, contract: Instrument, price: Decimal, *, fired_at: datetime) -> None:
        """Know an alert's own price for a contract; it counts for ten seconds, when there is no quote."""
        self._told[contract.key] = _Told(price, fired_at)

    def tell_underlying(self, chain: OptionChain, price: Decimal, *, fired_at: datetime) -> None:
        """Know what an alert tells of an underlying; without a login its options follow it."""
        self.tell(chain.underlying, price, fired_at=fired_at)
        self._underlyings |= {option.key: chain.underlying.key for option in chain.contracts}

    def ask(self, contract: InstrumentKey) -> bool:
        """Price a contract that is about to be spoken of; False when nothing ever told a price, so it is not listed."""
        found = self._find(contract)
        symbol = found.symbol if found else self._listed_symbol(contract)
        if symbol is None:
            return False
        quote = self._quotes.last(contract, symbol)
        told = self._told.pop(contract, None)
        if quote is not None:
            self._set(contract, found, quote, remark="")
        elif told is not None and self._clock.now() - told.fired_at <= _TOLD_FRESH:
            self._set(contract, found, told.price, remark=SYNTHETIC)
        elif contract in self._underlyings and not self._quotes.there_are:
            self._derive(contract, found, self._underlyings[contract])
        elif self._age_s(contract) > _FRESH_S:
            self._doubt(contract)
        return self._listed_symbol(contract) is not None

    def follow(self) -> None:
        """Price, of what has working orders or is held, the contract whose quote is the oldest."""
        if not self._quotes.there_are:
            return
        due = [key for key in self._followed() if self._age_s(key) >= _AGAIN_S]
        oldest = min(due, key=lambda key: self._quoted_at.get(key, 0.0), default=None)
        if oldest is not None:
            self.ask(oldest)

    def _followed(self) -> list[InstrumentKey]:
        with self._simulation.lock:
            exchange = self._simulation.exchange
            fills, today = exchange.book.fills(exchange.at), ist_day(exchange.at)
            held = [row.instrument.key for row in (*positions(fills, today), *holdings(fills, today)) if row.net]
            return [_our_key(key) for key in dict.fromkeys([*exchange.book.watched(), *held])]

    def _listed_symbol(self, contract: InstrumentKey) -> str | None:
        walk = self._simulation.exchange.walks.get((contract.segment.value, contract.token))
        return walk.instrument.symbol if walk else None

    def _age_s(self, contract: InstrumentKey) -> float:
        at = self._quoted_at.get(contract)
        return float("inf") if at is None else self._clock.monotonic() - at

    def _set(self, contract: InstrumentKey, found: Instrument | None, price: Decimal, *, remark: str) -> None:
        """A quote stands until the next one; any other price walks on."""
        key = (contract.segment.value, contract.token)
        with self._simulation.lock:
            self._simulation.advance()
            exchange = self._simulation.exchange
            if key not in exchange.walks:
                assert found is not None, "what is not listed was found in our table"
                list_instrument(exchange, as_listed(found, price), price, seed=self._seed)
            exchange.walks[key].remark = remark
            if remark:
                exchange.move_price(key, price)
            else:
                self._quoted_at[contract] = self._clock.monotonic()
                exchange.set_price(key, price)

    def _derive(self, contract: InstrumentKey, found: Instrument | None, underlying: InstrumentKey) -> None:
        """Have an option follow its underlying, at what was told of that last."""
        if underlying in self._told or self._listed_symbol(underlying) is None:
            self.ask(underlying)
        key = (contract.segment.value, contract.token)
        with self._simulation.lock:
            self._simulation.advance()
            exchange = self._simulation.exchange
            followed = (underlying.segment.value, underlying.token)
            if key not in exchange.walks and followed in exchange.walks and found is not None:
                listed = replace(as_listed(found, Decimal(0)), underlying=followed)
                list_instrument(exchange, listed, Decimal(0), seed=self._seed)
                exchange.walks[key].remark = SYNTHETIC

    def _doubt(self, contract: InstrumentKey) -> None:
        with self._simulation.lock:
            walk = self._simulation.exchange.walks.get((contract.segment.value, contract.token))
            if walk is not None:
                walk.remark = SYNTHETIC


def as_listed(contract: Instrument, price: Decimal) -> Listed:
    """A row of our instrument table in the exchange's words; it was last traded at `price`."""
    return Listed(
        exchange=contract.key.segment.value,
        token=contract.key.token,
        symbol=contract.symbol,
        name=contract.name,
        kind="AMXIDX" if contract.kind is Kind.INDEX else _KINDS.get(contract.contract_class, ""),
        lot=contract.lot,
        tick=contract.tick,
        freeze=contract.freeze or 0,
        start=price,
        expiry=f"{contract.expiry:%d%b%Y}".upper() if contract.expiry else "",
        strike=contract.strike,
    )


def _our_key(key: tuple[str, str]) -> InstrumentKey:
    segment, token = key
    return InstrumentKey(Segment(segment), token)
