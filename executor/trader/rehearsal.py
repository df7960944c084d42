"""A rehearsal: proof that an account can do what trading asks of it, with two orders of one share far from the price.

A LIMIT under the market and a stop above it are placed, seen in the order book, one is changed, both are cancelled.
Whatever fails, what was placed is cancelled; what cannot be shown to be cancelled is named, for the broker's app. The
order feed has steps of its own, which decide nothing: without it the books alone are read, only slower.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal

from executor.broker.port import Broker, Frames, Session
from executor.clock import Clock
from executor.domain.ids import Ids, IntentId, OrderId, OrderTag
from executor.domain.instrument import Instrument
from executor.domain.intent import Accepted, Call, Intent, IntentKind, OrderRequest, PermitClass, Refused, Unknown
from executor.domain.order import OrderState, OrderType, Report, Side
from executor.domain.reading import Query, QueryKind
from executor.domain.strategy import Product
from executor.errors import BrokerError, BrokerUnavailable, CodeNeeded, LoginNotYet, SessionLost

#: How far from the last price the orders rest, in percent: not to be filled, and inside any price band.
FAR = Decimal(3)
_STOP_GAP = Decimal("0.5")
#: A book may lag 15 s in bad moments (smartapi.md 9, no. 10); it may be read once a second.
_LOOKS, _LOOK_S = 13, 1.2
_HEAR_S = 10
#: A TOTP code lives 30 s.
_STEPS, _STEP_S = 12, 3.0
_OVER = (OrderState.CANCELLED, OrderState.REJECTED, OrderState.FILLED, OrderState.EXPIRED)

Said = tuple[bool, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the card; `ms` is what the broker took, waits for its book included."""

    name: str
    passed: bool
    ms: int
    said: str


@dataclass
class Rehearsal:
    """`wait` passes seconds and keeps the account's lease alive; `calls` are for the record, secrets masked.

    `listen` connects to the order feed, if there is one, and `read_frame` reads what it says.
    """

    broker: Broker
    clock: Clock
    ids: Ids
    account: str
    share: Instrument
    saved: Session | None
    wait: Callable[[float], None]
    keep: Callable[[Session], None]
    listen: Callable[[Session], Frames] | None
    read_frame: Callable[[bytes | str], Report | None]
    steps: list[Step] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    _session: Session | None = None
    _last: Decimal = Decimal(0)
    _placed: dict[OrderTag, OrderRequest] = field(default_factory=dict)
    _frames: Frames | None = None
    _is_lost: bool = False

    def run(self) -> bool:
        """Take one step after the other, up to the first that fails; whether all passed."""
        plan: tuple[tuple[str, Callable[[], Said]], ...] = (
            ("login and profile", self._log_in),
            ("funds", self._funds),
            ("last price", self._price),
            ("limit order placed and in the book", self._limit_heard),
            ("limit order changed, and the book shows it", self._change),
            ("stop order placed and in the book", self._stop),
            ("both cancelled, and the book shows it", self._cancel_all),
            ("session renewed", self._renew),
        )
        try:
            passed = all(self._take(name, step) for name, step in plan)
        finally:  # also when a person stops it, or the store fails: they are real orders
            self._take_back()
        if self._session is not None:
            passed = self._take("logout", self._log_out) and passed
        return passed

    def _take(self, name: str, step: Callable[[], Said]) -> bool:
        began = self.clock.monotonic()
        try:
            passed, said = step()
        except BrokerError as error:
            passed, said = False, str(error)
            self.calls += [error.call] if error.call else []
        self.steps.append(Step(name, passed, round((self.clock.monotonic() - began) * 1000), said))
        return passed

    def _take_back(self) -> None:
        """Cancel what rests; once more with a new session where this one has ended."""
        cancelled = "what was placed is cancelled"
        if self._placed and not self._take(cancelled, self._cancel_all) and self._is_lost:
            self._is_lost = False
            if self._take("logged in again", self._log_in):
                self._take(cancelled, self._cancel_all)

    def _limit_heard(self) -> Said:
        """The order, with the feed connected before it: what is told meanwhile stays to be read."""
        if self.listen is not None:
            self._take("order feed connected", self._connect)
        placed = self._limit()
        if self._frames is not None and placed[0]:
            self._take("order feed tells of the order", self._hear)
        return placed

    def _connect(self) -> Said:
        assert self.listen is not None
        assert self._session is not None
        self._frames = self.listen(self._session)
        return True, "decides nothing: without it the books alone are read"

    def _hear(self) -> Said:
        assert self._frames is not None
        (tag,) = self._placed
        try:
            for _ in range(_HEAR_S):
                self.wait(0)
                frame = self._frames.receive(1.0)
                report = self.read_frame(frame) if frame is not None else None
                if report is not None and report.tag == tag:
                    return True, f"{report.state}, tag {tag}"
        finally:
            self._frames.close()
        return False, f"nothing of the tag {tag} in {_HEAR_S} s: the books alone will be read, which is slower"

    # -- the steps ---------------------------------------------------------------------------------------------

    def _log_in(self) -> Said:
        began = self.clock.now()
        for _ in range(_STEPS):
            try:
                self._begin(self.broker.open_session(self.saved))
                break
            except CodeNeeded:
                raise
            except LoginNotYet:  # the code of this moment is used: the next one comes
                self.wait(_STEP_S)
        if self._session is None:
            return False, "every TOTP code of the last half minute was used already"
        return True, "logged in" if self._session.opened_at >= began else "went on with the session of today"

    def _begin(self, session: Session) -> None:
        self._session = session
        self.calls += session.calls
        self.keep(session)

    def _funds(self) -> Said:
        reading = self.broker.read(Query(QueryKind.FUNDS))
        self.calls.append(reading.call)
        assert reading.funds is not None, "a reading of FUNDS has them"
        return True, f"{reading.funds.available} rupees are available"

    def _price(self) -> Said:
        reading = self.broker.read(Query(QueryKind.LTP, self.share.key, self.share.symbol))
        self.calls.append(reading.call)
        assert reading.price is not None, "a reading of LTP has one"
        self._last = reading.price.value
        return True, f"{self.share.symbol} at {self._last}"

    def _limit(self) -> Said:
        return self._place(self._request(OrderType.LIMIT, self._far(-FAR), trigger=None))

    def _stop(self) -> Said:
        return self._place(self._request(OrderType.STOP_LIMIT, self._far(FAR + _STOP_GAP), trigger=self._far(FAR)))

    def _place(self, request: OrderRequest) -> Said:
        self._placed[request.tag] = request  # before it leaves: an answer that is lost proves nothing
        answer = self._send(IntentKind.PLACE, request)
        if isinstance(answer, Refused):
            del self._placed[request.tag]
            return False, f"refused: {answer.text}"
        if isinstance(answer, Accepted):
            self._placed[request.tag] = replace(request, broker_id=answer.order_id)
        shown = self._await(request.tag, _any)
        if shown is None:
            return False, f"the order book does not show the tag {request.tag}; the answer was {_words(answer)}"
        self._placed[request.tag] = replace(request, broker_id=shown.broker_id)
        if shown.state in _OVER:
            del self._placed[request.tag]
            return False, f"order {shown.broker_id} is {shown.state}: {shown.text or 'the broker says no more'}"
        if isinstance(answer, Unknown):
            return False, f"order {shown.broker_id} is there, but the answer was {_words(answer)}"
        return True, f"order {shown.broker_id}, tag {request.tag}, at {shown.price}"

    def _change(self) -> Said:
        tag, before = next(iter(self._placed.items()))
        asked = replace(before, price=before.price - self.share.tick)
        answer = self._send(IntentKind.MODIFY, asked)
        if not isinstance(answer, Accepted):
            return False, f"the change was answered with {_words(answer)}"
        shown = self._await(tag, lambda report: report.price == asked.price)
        if shown is None:
            return False, f"the answer was success, but the book does not show the price {asked.price}"
        self._placed[tag] = asked
        return True, f"now at {shown.price}"

    def _cancel_all(self) -> Said:
        """Cancel all before any is looked for: the book may not be read for a while."""
        ids = [str(request.broker_id or tag) for tag, request in self._placed.items()]
        for request in self._placed.values():
            if request.broker_id is not None:
                self._send(IntentKind.CANCEL, request)
        for tag, request in list(self._placed.items()):
            over = self._await(tag, lambda report: report.state in _OVER) if self._is_known(tag, request) else None
            if over is not None:
                del self._placed[tag]
                if over.filled:
                    return False, f"order {over.broker_id} was FILLED: sell the share in the broker's app"
        if self._placed:
            left = ", ".join(str(request.broker_id or tag) for tag, request in self._placed.items())
            return False, f"NOT SHOWN AS CANCELLED: {left}. Look at it in the broker's app, and cancel it there"
        return True, ", ".join(ids)

    def _is_known(self, tag: OrderTag, request: OrderRequest) -> bool:
        """Whether the broker's number of an order is known, if only by now; then it is cancelled now."""
        if request.broker_id is not None:
            return True
        late = self._await(tag, _any)
        if late is None:
            return False
        self._send(IntentKind.CANCEL, replace(request, broker_id=late.broker_id))
        return True

    def _renew(self) -> Said:
        assert self._session is not None
        self.wait(_LOOK_S)
        self._begin(self.broker.open_session(replace(self._session, ends_at=self.clock.now())))
        return True, "new tokens without a code"

    def _log_out(self) -> Said:
        calls = self.broker.close_session()
        self.calls += calls
        answered = all(call.status == 200 for call in calls)
        return answered, "logged out; the trader logs in anew" if answered else "the logout was not answered"

    # -- the wire ----------------------------------------------------------------------------------------------

    def _send(self, kind: IntentKind, request: OrderRequest) -> Accepted | Refused | Unknown:
        if kind is not IntentKind.CANCEL:  # to take back what is ours needs nobody's leave
            self.wait(0)
        made = self.clock.now()
        intent = Intent(
            IntentId(self.ids.new()), OrderId(self.ids.new()), self.account, kind, PermitClass.CHANGE, request, made
        )
        sent = self.broker.send(intent)
        self.calls += sent.calls
        return sent.answer

    def _await(self, tag: OrderTag, is_so: Callable[[Report], bool]) -> Report | None:
        """The order of a tag as the book shows it, once it shows it so; None when it does not in time."""
        for _ in range(_LOOKS):
            self.wait(_LOOK_S)
            try:
                reading = self.broker.read(Query(QueryKind.ORDER_BOOK))
            except (BrokerUnavailable, SessionLost) as error:
                self.calls += [error.call] if error.call else []
                self._is_lost = isinstance(error, SessionLost)
                if self._is_lost:
                    return None
                continue
            self.calls.append(reading.call)
            found = next((report for report in reading.reports if report.tag == tag), None)
            if found is not None and is_so(found):
                return found
        return None

    def _request(self, kind: OrderType, price: Decimal, *, trigger: Decimal | None) -> OrderRequest:
        return OrderRequest(
            instrument=self.share.key,
            symbol=self.share.symbol,
            side=Side.BUY,
            product=Product.INTRADAY,
            type=kind,
            quantity=self.share.lot,
            price=price,
            trigger=trigger,
            tag=OrderTag(f"rh{self.ids.new()}"),
        )

    def _far(self, percent: Decimal) -> Decimal:
        """A price so far from the last one, on the tick."""
        price = self._last * (100 + percent) / 100
        return (price / self.share.tick).to_integral_value(ROUND_DOWN) * self.share.tick


def _any(_report: Report) -> bool:
    return True


def _words(answer: Accepted | Refused | Unknown) -> str:
    match answer:
        case Accepted(order_id=order_id):
            return f"success, order {order_id}"
        case Refused(reason=reason, text=text):
            return f"a refusal ({reason}): {text}"
        case Unknown(why=why):
            return f"no proof of anything: {why}"
