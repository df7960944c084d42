"""The exchange: takes orders, moves prices, matches, keeps the books.

Time is handed in. `advance(now)` plays everything that was due since the last call, in time order: price steps of
instruments with working orders, late orders, releases, closing time. Nothing else moves, so an exchange that nobody
asks costs nothing, and what it answers depends on seed, times and requests alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from executor.simulator.exchange.agenda import Agenda
from executor.simulator.exchange.book import Book, Numbers
from executor.simulator.exchange.derived import Derived
from executor.simulator.exchange.endings import Endings
from executor.simulator.exchange.hours import STEP, hours_of, ist_day
from executor.simulator.exchange.instrument import Instrument, InstrumentKey
from executor.simulator.exchange.matching import is_marketable, is_triggered, protected_price, quiet_range
from executor.simulator.exchange.orders import Fill, Order, OrderType, Side, State, Terms, Ticket
from executor.simulator.exchange.positions import money_needed, money_used, opening_quantity, owned
from executor.simulator.exchange.priced import Priced
from executor.simulator.exchange.rules import BEYOND_CIRCUIT, Rules, is_beyond, rejection
from executor.simulator.exchange.walk import Walk
from executor.simulator.exchange.walks import Walks


class Exchange:
    """One exchange with the client's books. Not thread-safe: its owner holds a lock."""

    def __init__(
        self,
        instruments: Iterable[Instrument],
        *,
        seed: int,
        start: datetime,
        rules: Rules,
        find: Callable[[InstrumentKey], Instrument | None] = lambda _key: None,
    ) -> None:
        """`find` looks up what else is listed; it gets its price when it is first asked for."""
        self.at = start
        self.rules = rules
        self.book = Book()
        self.hours = {
            market: hours_of(market, rules.holidays, evenings=rules.evenings)
            for market in ("NSE", "BSE", "NFO", "BFO", "MCX")
        }
        self.walks = Walks(find, lambda instrument: self.a_walk(instrument, seed=seed, start=start))
        for instrument in instruments:
            self.walks[instrument.key] = self.a_walk(instrument, seed=seed, start=start)
        self.endings = Endings(self)
        self._numbers = Numbers(Random(f"{seed}/numbers"))
        self._chance = Random(f"{seed}/fills")
        self._agenda = Agenda()

    def advance(self, now: datetime) -> None:
        """Play all that was due until `now`."""
        while (moment := self._next_moment(now)) is not None:
            self.at = max(self.at, moment)
            self._agenda.run_due(self.at)
            for key in self.book.watched():
                self._match_all(key)
        self.at = max(self.at, now)

    def later(self, at: datetime, action: Callable[[], None]) -> None:
        """Run `action` when the time `at` is played."""
        self._agenda.add(at, action)

    def a_walk(self, instrument: Instrument, *, seed: int, start: datetime) -> Priced:
        """Return the price of an instrument that is listed from `start`; what it follows is listed before it."""
        hours = self.hours[instrument.exchange]
        if instrument.underlying is not None and instrument.underlying in self.walks:
            return Derived(instrument, self.walks[instrument.underlying], start=start, hours=hours)
        return Walk(instrument, seed=seed, start=start, hours=hours, volatility=self.rules.volatility)

    def walk(self, key: InstrumentKey) -> Priced:
        """Return the price of an instrument as of now. Raises KeyError for an unknown one."""
        walk = self.walks[key]
        walk.advance(self.at)
        return walk

    def set_price(self, key: InstrumentKey, price: Decimal) -> None:
        """Set and hold a price; orders are matched at once. Raises KeyError for an unknown instrument."""
        self.walk(key).hold(price, band=self.rules.band_percent)
        self._match_with_followers(key)

    def set_band(self, key: InstrumentKey, band: tuple[Decimal, Decimal] | None) -> None:
        """Set the circuit limits and hold the price inside them; None: those of the rules again."""
        walk = self.walk(key)
        walk.band = band and (walk.instrument.ceil(band[0]), walk.instrument.floor(band[1]))
        price = walk.ltp if walk.band is None else min(max(walk.ltp, walk.band[0]), walk.band[1])
        self.set_price(key, price)

    def set_spread(self, key: InstrumentKey, spread: tuple[Decimal, Decimal] | None) -> None:
        """Set best bid and ask, at which orders then trade; None: around the price again. Raises KeyError as `walk`."""
        walk = self.walk(key)
        walk.spread = spread and (walk.instrument.floor(spread[0]), walk.instrument.ceil(spread[1]))
        self._match_with_followers(key)

    def move_price(self, key: InstrumentKey, price: Decimal) -> None:
        """Set a price that walks on from there; orders are matched at once. Raises KeyError as `walk`."""
        self.walks[key].go_on_from(price, self.at, band=self.rules.band_percent)
        self._match_with_followers(key)

    def take_back(self, orders: Iterable[Order], fills: Iterable[Fill]) -> None:
        """Take over the books of an exchange before this one; what was due for its orders is due again."""
        for fill in fills:
            self.book.put_fill(fill)
            self._numbers.go_on_above(order=0, fill=int(fill.fill_id))
            self.endings.expect(fill.instrument, fill.product)
        for order in orders:
            self.book.put(order)
            self._numbers.go_on_above(order=int(order.order_id[6:]), fill=0)
            self._await_again(order)

    def place(self, ticket: Ticket, *, reject: str | None = None) -> Order:
        """Take an order; it may be rejected at once with `reject` or a rule's text, as its state says."""
        order = self._new_order(ticket)
        text = reject or self._rejection(ticket)
        if text is not None:
            return self.book.put(replace(order, state=State.REJECTED, text=text))
        hours = self.hours[ticket.instrument.exchange]
        if hours.is_open(self.at):
            return self._activate(order)
        self._agenda.add(hours.next_release(self.at), lambda: self._release(order.order_id))
        return self.book.put(replace(order, state=State.PARKED, after_market=True))

    def place_for_broker(self, ticket: Ticket) -> Order:
        """Take an order of the broker's own: no rule stands against it."""
        return self._activate(self._new_order(ticket))

    def ids_of_no_order(self) -> tuple[str, str]:
        """Return an order id and a unique id that no order will ever bear."""
        return self._numbers.order_id(self.at), self._numbers.unique_id()

    def modify(self, order: Order, terms: Terms) -> Order:
        """Replace the terms of an order that is not over and has less filled than the new quantity."""
        band = self._band(order.instrument)
        if band is not None and is_beyond(terms, band):
            return self._update(order, event="not modified", text=BEYOND_CIRCUIT)
        event = "modify after market order req received" if order.state is State.PARKED else "modified"
        new = replace(order, terms=terms, event=event, updated_at=self.at)
        if order.state is State.PARKED:
            return self.book.put(new)
        keeps_trigger = order.triggered and order.terms.type.has_trigger
        if terms.type.has_trigger and not keeps_trigger:
            return self._match(self.book.put(replace(new, state=State.TRIGGER_PENDING, triggered=False)))
        if terms.type is OrderType.MARKET:
            new = self._protect(new)
        return self._match(self.book.put(replace(new, state=State.OPEN, event="")))

    def cancel(self, order: Order) -> Order:
        """Cancel what is open of an order; one that is over stays as it is."""
        if order.state.is_over:
            return order
        state = State.PARKED_CANCELLED if order.state is State.PARKED else State.CANCELLED
        return self._update(order, state=state, cancelled=order.open_quantity, event="")

    def fill(self, order: Order, quantity: int, *, price: Decimal) -> Order:
        """Trade a part or all of a working order at `price`, whatever its limit says."""
        self._put_fill(
            order.instrument, order.side, product=order.terms.product, quantity=quantity, price=price, order=order
        )
        state = State.COMPLETE if quantity == order.open_quantity else State.OPEN
        return self._update(
            order,
            state=state,
            filled=order.filled + quantity,
            value=order.value + quantity * price,
            event="",
            text=self.walks[order.instrument.key].remark or order.text,
        )

    def fill_without_order(self, ticket: Ticket, *, price: Decimal, at: datetime) -> None:
        """Change a position by no order's trade, dated `at`: a settlement, a split."""
        terms = ticket.terms
        self._put_fill(
            ticket.instrument, ticket.side, product=terms.product, quantity=terms.quantity, price=price, at=at
        )

    def _next_moment(self, now: datetime) -> datetime | None:
        """Return when something happens next, not after `now`: an action is due, or an order is reached."""
        due = self._agenda.next_at
        until = now if due is None else min(due, now)
        moments = [due] if due is not None and due <= now else []
        for key in self.book.watched():
            low, high = quiet_range(self.book.working(key))
            reached = self.walk(key).next_outside(low, high, until=until)
            moments += [reached] if reached is not None else []
        return min(moments, default=None)

    def _put_fill(
        self,
        instrument: Instrument,
        side: Side,
        *,
        product: str,
        quantity: int,
        price: Decimal,
        order: Order | None = None,
        at: datetime | None = None,
    ) -> None:
        self.book.put_fill(
            Fill(
                fill_id=self._numbers.fill_id(),
                order_id=order.order_id if order else "",
                tag=order.tag if order else "",
                instrument=instrument,
                side=side,
                product=product,
                price=price,
                quantity=quantity,
                at=at or self.at,
            )
        )

    def _new_order(self, ticket: Ticket) -> Order:
        return Order(
            order_id=self._numbers.order_id(self.at),
            unique_id=self._numbers.unique_id(),
            exchange_id=self._numbers.exchange_id(),
            instrument=ticket.instrument,
            side=ticket.side,
            tag=ticket.tag,
            disclosed=ticket.disclosed,
            terms=ticket.terms,
            state=State.OPEN,
            placed_at=self.at,
            updated_at=self.at,
        )

    def _band(self, instrument: Instrument) -> tuple[Decimal, Decimal] | None:
        """Return the circuit limits of the day, where there are any."""
        return self.walks[instrument.key].circuit(self.rules.band_percent)

    def _rejection(self, ticket: Ticket) -> str | None:
        walk, terms = self.walk(ticket.instrument.key), ticket.terms
        if text := self.endings.refusal(ticket.instrument, terms.product):
            return text
        rows = owned(self.book.fills(self.at), ist_day(self.at))
        net = next((r.net for r in rows if r.instrument == ticket.instrument and r.product == terms.product), 0)
        opening = opening_quantity(ticket.side, terms.quantity, net=net)
        price = terms.price if terms.type.has_limit else walk.ltp
        working = [o for key in self.book.watched() for o in self.book.working(key)]
        return rejection(
            ticket,
            band=self._band(ticket.instrument),
            needed=money_needed(ticket.instrument, ticket.side, product=terms.product, quantity=opening, price=price),
            available=self.rules.funds - money_used(rows, working),
            rules=self.rules,
        )

    def _activate(self, order: Order) -> Order:
        hours = self.hours[order.instrument.exchange]
        self.endings.expect(order.instrument, order.terms.product)
        self._agenda.add(hours.close(self.at), lambda: self._expire(order.order_id))
        ready = max(self.at, hours.opening(self.at)) + timedelta(seconds=self.rules.fill_latency_s)
        new = replace(order, updated_at=self.at, reached_at=self.at, ready_at=ready)
        if order.terms.type.has_trigger:
            new = replace(new, state=State.TRIGGER_PENDING)
        else:
            new = replace(new, state=State.OPEN)
        if order.terms.type is OrderType.MARKET:
            new = self._protect(new)
        new = self._match(self.book.put(new))
        if order.terms.duration == "IOC":
            self._at_or_now(ready, lambda: self._expire(order.order_id))
        elif ready > self.at:
            self._agenda.add(ready, lambda: self._match_all(order.instrument.key))
        return self.book.get(new.order_id) or new

    def _await_again(self, order: Order) -> None:
        hours, key = self.hours[order.instrument.exchange], order.instrument.key
        if order.state is State.PARKED:
            self._agenda.add(hours.next_release(self.at), lambda: self._release(order.order_id))
        elif order.state.is_working:
            ready = max(order.ready_at or self.at, self.at)
            ends = ready if order.terms.duration == "IOC" else hours.close(order.reached_at or self.at)
            self._agenda.add(ready, lambda: self._match_all(key))
            self._agenda.add(ends, lambda: self._expire(order.order_id))

    def _at_or_now(self, at: datetime, action: Callable[[], None]) -> None:
        if at <= self.at:
            action()
        else:
            self._agenda.add(at, action)

    def _release(self, order_id: str) -> None:
        order = self.book.get(order_id)
        if order is not None and order.state is State.PARKED:
            self._activate(replace(order, event=""))

    def _expire(self, order_id: str) -> None:
        order = self.book.get(order_id)
        if order is not None and not order.state.is_over:
            self.cancel(self._match(order))

    def _protect(self, order: Order) -> Order:
        ltp = self.walk(order.instrument.key).ltp
        price = protected_price(order.instrument, order.side, ltp=ltp)
        return replace(order, terms=replace(order.terms, price=price))

    def _match_with_followers(self, key: InstrumentKey) -> None:
        """Match the orders of an instrument whose price was set, and of what follows it."""
        self._match_all(key)
        for watched in self.book.watched():
            if key in self.walks[watched].follows:
                self._match_all(watched)

    def _match_all(self, key: InstrumentKey) -> None:
        for order in self.book.working(key):
            self._match(order)

    def _match(self, order: Order) -> Order:
        """Trigger and trade an order as far as price, hours and latency allow."""
        if order.ready_at is None or not self.hours[order.instrument.exchange].is_open(self.at):
            return order
        walk = self.walk(order.instrument.key)
        price = walk.trades_at(order.side)
        if order.state is State.TRIGGER_PENDING and is_triggered(order, walk.ltp):
            order = self._trigger(order)
        if order.state is not State.OPEN or not is_marketable(order, price):
            return order
        if order.ready_at is None or self.at < order.ready_at or walk.lacks(order.side):
            return order
        quantity = self._part(order)
        if quantity < order.open_quantity:
            self._agenda.add(self.at + STEP, lambda: self._match_all(order.instrument.key))
        return self.fill(order, quantity, price=price)

    def _trigger(self, order: Order) -> Order:
        ready = self.at + timedelta(seconds=self.rules.fill_latency_s)
        if ready > self.at:
            self._agenda.add(ready, lambda: self._match_all(order.instrument.key))
        if order.terms.type is OrderType.STOPLOSS_MARKET:
            order = self._protect(order)
        return self._update(order, state=State.OPEN, event="", triggered=True, ready_at=ready)

    def _part(self, order: Order) -> int:
        lots = order.open_quantity // order.instrument.lot
        if lots < 2 or self._chance.random() >= self.rules.partial_fills:
            return order.open_quantity
        return self._chance.randrange(1, lots) * order.instrument.lot

    def _update(self, order: Order, **changes: object) -> Order:
        return self.book.put(replace(order, updated_at=self.at, **changes))  # type: ignore[arg-type]
