"""What a signal comes down to, for any signal: exits open nothing, and the order of arrival decides nothing."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from executor.config.calendar import load_calendar
from executor.desk.book import Book
from executor.desk.decide import decide
from executor.desk.meaning import Meant, Purpose, meaning
from executor.domain.bracket import Leg
from executor.domain.ids import DeliveryId, Ids, SignalId
from executor.domain.instrument import Price
from executor.domain.messages import BookRows, Decision, Evidence, Resolved, SignalsArrived
from executor.domain.order import Side
from executor.domain.signal import Action, Ask, Held, PositionChange, Signal
from executor.domain.strategy import Short
from tests.builders import ACCOUNT, CONTRACT, NOW, a_signal, a_strategy, an_id, an_instrument
from tests.desk.test_decide import ALL_READ

helds = st.none() | st.sampled_from(Side)
sizes = st.decimals(0, 20, places=0)
changes = st.builds(PositionChange, st.sampled_from(Held), sizes, st.sampled_from(Held), sizes)


@given(st.sampled_from(Action), st.none() | st.sampled_from(Held), st.none() | changes, helds)
def test_an_exit_never_opens_and_nothing_leaves_a_side_that_is_not_held(
    action: Action, side: Held | None, change: PositionChange | None, held: Side | None
) -> None:
    side = None if side is Held.FLAT else side
    meant = meaning(Ask("NSE", "TATASTEEL", action, side=side, position=change), held)

    if not isinstance(meant, Meant):
        return
    if meant.purpose in {Purpose.CANCEL, Purpose.FLATTEN}:
        return  # neither looks at a side
    if change.now is Held.FLAT if change else action is Action.EXIT:
        assert meant.purpose in {Purpose.CLOSE, Purpose.MODIFY}
    if meant.purpose is Purpose.ENTER:
        assert held in (None, meant.side), "an entry never crosses what is held"
    elif meant.purpose is Purpose.REVERSE:
        assert meant.side.opposite is held
    else:
        assert meant.side is held


def _signals(acts: list[tuple[Action, int]]) -> list[Signal]:
    return [
        a_signal(
            id=SignalId(an_id(100 + place)), delivery=DeliveryId(an_id(200 + place)), key=f"id:{place}", action=action,
            fields={"exchange": "NSE", "ticker": "TATASTEEL", "action": action.value},
            fired_at=NOW - timedelta(seconds=ago),
        )
        for place, (action, ago) in enumerate(acts)
    ]  # fmt: skip


def _decided(signals: list[Signal], short: Short) -> Decision:
    book = Book(BookRows(ACCOUNT, (), (), (), (), (), (), (), frozenset(), ()), load_calendar(None))
    book.evidence = Evidence(session_open=True, read=ALL_READ, prices={CONTRACT: Price(Decimal(150), NOW)})
    strategy = a_strategy(short=short)
    arrived = SignalsArrived(tuple(Resolved(signal, strategy, an_instrument()) for signal in signals))
    return decide(book, arrived, NOW, Ids(lambda: NOW, Random(1)))


acts = st.lists(
    st.tuples(st.sampled_from((Action.BUY, Action.SELL, Action.EXIT)), st.integers(0, 3)), min_size=1, max_size=6
)


@settings(deadline=None)
@given(acts, st.sampled_from((Short.NONE, Short.INTRADAY_CASH)), st.randoms(use_true_random=False))
def test_signals_that_arrive_together_run_in_fire_order_however_they_arrive(
    acts: list[tuple[Action, int]], short: Short, random: Random
) -> None:
    signals = _signals(acts)
    shuffled = list(signals)
    random.shuffle(shuffled)

    one, other = (sorted(map(repr, _decided(arrived, short).changes)) for arrived in (signals, shuffled))
    assert one == other


@settings(deadline=None)
@given(acts, st.sampled_from((Short.NONE, Short.INTRADAY_CASH)))
def test_no_leg_of_an_entry_is_caused_by_an_exit(acts: list[tuple[Action, int]], short: Short) -> None:
    signals = _signals(acts)
    exits = {signal.id for signal in signals if signal.action is Action.EXIT}

    legs = [change.row for change in _decided(signals, short).changes if isinstance(change.row, Leg)]

    assert not [leg for leg in legs if leg.cause in exits]
