"""What must be true where a chart shows something else than what is traded: the right contract, chosen at the money,
one at a time, the chart's way, and never another one until it is left.

Contracts, sides and fills are the exchange's, what the index cost is what was set there; of our rows only which leg an
order belongs to. All other checkers look at each contract that was traded as at a lane of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from executor.domain.signal import Outcome
from tests.campaigns.chart_market import AUTO, BY_PREMIUM, LOTS, NEAR, NEXT, PREMIUM, RAIL, ROLLED, STEP, TURNS
from tests.campaigns.check_life import AGAINST
from tests.campaigns.check_orders import duplicated
from tests.campaigns.checkers import CHECKERS, check
from tests.campaigns.lanes import Lane, Share
from tests.campaigns.truth import Truth, path_of, when

FEATURES = (
    "call bought",
    "put bought",
    "turned over",
    "added to another strike than at the money",
    "settled at expiry",
    "next month entered",
    "carried over the roll",
    "chosen by premium",
)
#: These judge a lane by the alerts of its own ticker.
_BY_ALERTS = frozenset({"duplicated", "levelled", "charted", "obeyed"})
#: The first and the last strike of NIFTY that the simulator lists.
_LISTED = (Decimal(24250), Decimal(25750))
#: Of BANKNIFTY.
_LAST = frozenset({"54500", "57500"})
#: How far a premium may lie from the one asked for: strikes are 100 apart, a limit has its band, the index moves.
_NEAR = Decimal("0.3")
#: How long two contracts may be held: an exit's last fill has to be seen, an answer may be lost.
_TOGETHER = AGAINST
#: A restart or a login may hold up whatever is to be left.
_DELAY = timedelta(seconds=45)


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of one contract from `begin` to `end`, more than nothing."""

    contract: str
    symbol: str
    begin: datetime
    end: datetime


def check_charts(truth: Truth, spots: Sequence[tuple[datetime, Decimal]]) -> dict[str, list[str]]:
    """The violations by checker. `spots`: what the index cost, from when on."""
    contracts = replace(truth, lanes=tuple(_lanes(truth)))
    own = {
        "duplicated": duplicated(replace(truth, lanes=())),
        "chosen": [*_options_chosen(contracts, spots), *_premiums_chosen(contracts), *_futures_chosen(contracts)],
        "together": _together(contracts),
        "against": _against(contracts),
    }
    others = check(contracts, [name for name in CHECKERS if name not in _BY_ALERTS])
    return others | {name: found for name, found in own.items() if found}


def _lanes(truth: Truth) -> Iterator[Lane]:
    """Each contract of which there was an order, as a lane that is only ever long."""
    for market, token, symbol in sorted(
        {(one["exchange"], one["token"], one["symbol"]) for one in truth.state["orders"]}
    ):
        strategy = "rolled" if symbol.endswith("FUT") else "premium" if symbol.startswith("BANK") else "auto"
        lot = LOTS[strategy]
        yield Lane(strategy, Share(market, symbol, token, "0.05", market, lot), units=lot, limit=RAIL)


def _held(truth: Truth, strategy: str) -> list[Held]:
    found = []
    for lane in truth.lanes:
        begin = None
        for step in path_of(truth, lane.share.key) if lane.strategy == strategy else ():
            if step.after and begin is None:
                begin = step.at
            elif not step.after and begin is not None:
                found.append(Held(lane.share.key, lane.share.ticker, begin, step.at))
                begin = None
        if begin is not None:
            found.append(Held(lane.share.key, lane.share.ticker, begin, truth.end))
    return sorted(found, key=lambda one: one.begin)


def _entries(truth: Truth, strategy: str) -> Iterator[tuple[Mapping[str, Any], Held | None]]:
    """Orders that enter, with what the lane held when each was placed."""
    held = _held(truth, strategy)
    for lane in truth.lanes:
        for order in truth.orders_of(lane.share.key) if lane.strategy == strategy else ():
            at = when(order["placed_at"])
            if truth.enters(order):
                yield order, next((one for one in held if one.begin < at < one.end), None)


def _options_chosen(truth: Truth, spots: Sequence[tuple[datetime, Decimal]]) -> Iterator[str]:
    """An option is bought at the money, of the nearest expiry; more of it in the contract that is held."""
    for order, held in _entries(truth, "auto"):
        symbol, at = order["symbol"], when(order["placed_at"])
        key = f"{order['exchange']}:{order['token']}"
        signal = truth.signals[truth.legs[order["tag"][1:14]].cause]
        if order["side"] != "BUY":
            yield f"chosen: {order['tag']} sells {symbol} to enter"
        if held is not None and held.contract == key:
            continue
        if held is not None and symbol[-2:] == held.symbol[-2:]:
            yield f"chosen: {order['tag']} enters {symbol} while {held.symbol} is held"
        money = {_at_the_money(spot) for spot in _between(spots, signal.received_at, at)}
        strike = Decimal(symbol.removeprefix("NIFTY")[7:-2])
        if strike not in money:
            yield f"chosen: {order['tag']} enters {symbol}, at the money was {sorted(money)}"
        if (expiry := symbol[5:12]) != ("19OCT26" if at.date() == truth.lives[0].date() else "27OCT26"):
            yield f"chosen: {order['tag']} enters the expiry {expiry}"


def _premiums_chosen(truth: Truth) -> Iterator[str]:
    """An option is bought that costs about the premium, of the month; more of it in the contract that is held."""
    for order, held in _entries(truth, "premium"):
        symbol, tag = order["symbol"], order["tag"]
        if held is not None and held.contract == f"{order['exchange']}:{order['token']}":
            continue
        if held is not None and symbol[-2:] == held.symbol[-2:]:
            yield f"chosen: {tag} enters {symbol} while {held.symbol} is held"
        is_last = symbol[16:-2] in _LAST  # none is nearer
        if abs(Decimal(order["price"]) - PREMIUM) > _NEAR * PREMIUM and not is_last:
            yield f"chosen: {tag} enters {symbol} for {order['price']}, {PREMIUM} was asked for"
        if order["side"] != "BUY" or symbol[9:16] != "27OCT26":
            yield f"chosen: {tag} enters {order['side']} {symbol}"


def _at_the_money(spot: Decimal) -> Decimal:
    """The nearest listed strike, of two the lower."""
    lower = spot // STEP * STEP
    return min(max(lower if spot - lower <= STEP / 2 else lower + STEP, _LISTED[0]), _LISTED[1])


def _between(spots: Sequence[tuple[datetime, Decimal]], begin: datetime, end: datetime) -> list[Decimal]:
    """What the index cost in a stretch: at its begin, and each time it moved."""
    before = [spot for at, spot in spots if at <= begin][-1:]
    return before + [spot for at, spot in spots if begin < at <= end]


def _futures_chosen(truth: Truth) -> Iterator[str]:
    """1! is entered in the near month until it turns, then in the next; more of it in the contract that is held."""
    for order, held in _entries(truth, "rolled"):
        token, at = order["token"], when(order["placed_at"])
        fired = truth.signals[truth.legs[order["tag"][1:14]].cause].received_at
        means = {NEAR.token if moment < TURNS else NEXT for moment in (fired, at)}
        wanted = means if held is None else {held.contract.partition(":")[2]}
        if token not in wanted:
            yield f"chosen: {order['tag']} enters {order['symbol']} at {at}, the lane holds {held}"


def _together(truth: Truth) -> list[str]:
    """A lane never holds two contracts for longer than it takes to leave one."""
    found = []
    for strategy in LOTS:
        held = _held(truth, strategy)
        for place, one in enumerate(held):
            for other in held[place + 1 :]:
                begin, end = max(one.begin, other.begin), min(one.end, other.end)
                if end - begin > _TOGETHER + _delay(truth, begin, end):
                    found.append(f"together: {one.symbol} and {other.symbol} were held from {begin} to {end}")
    return found


def _against(truth: Truth) -> list[str]:
    """Calls are held while the chart is long, puts while it is short, nothing while it is flat."""
    found = []
    for lane in (AUTO, ROLLED, BY_PREMIUM):
        told = _told(truth, lane)
        for one in _held(truth, lane.strategy):
            way = -1 if one.symbol.endswith("PE") else 1
            for (begin, now), (end, _) in zip(told, [*told[1:], (truth.end, 0)], strict=True):
                first, last = max(begin, one.begin), min(end, one.end)
                if now * way <= 0 and last - first > AGAINST + _delay(truth, first, last):
                    found.append(f"against: {one.symbol} was held from {first} to {last}, the chart was at {now}")
    return found


def _told(truth: Truth, lane: Lane) -> list[tuple[datetime, int]]:
    posts = [post for post in truth.posts if post.message.lane == lane and 200 <= post.status < 300]
    return [(post.at, post.message.chart[1]) for post in posts if post.message.chart is not None]


def _delay(truth: Truth, begin: datetime, end: datetime) -> timedelta:
    """What restarts and lost sessions may hold up."""
    lost = [when(row["at"]) for row in truth.state["requests"] if row["answer_kind"] == "gateway"]
    return _DELAY * sum(begin - _DELAY <= at <= end for at in (*truth.lives[1:], *lost))


def chart_features(truth: Truth, spots: Sequence[tuple[datetime, Decimal]]) -> Counter[str]:
    """What came up of what such a week is for."""
    truth = replace(truth, lanes=tuple(_lanes(truth)))
    found: Counter[str] = Counter()
    for order, held in _entries(truth, "auto"):
        if order["filled"]:
            found["call bought" if order["symbol"].endswith("CE") else "put bought"] += 1
            strike = Decimal(order["symbol"][12:-2])
            money = _at_the_money(_between(spots, when(order["placed_at"]), when(order["placed_at"]))[0])
            found["added to another strike than at the money"] += held is not None and strike != money
    found["chosen by premium"] += sum(bool(order["filled"]) for order, _ in _entries(truth, "premium"))
    for order, _ in _entries(truth, "rolled"):
        found["next month entered"] += bool(order["filled"]) and order["token"] == NEXT
    found["carried over the roll"] += sum(one.begin < TURNS < one.end for one in _held(truth, "rolled"))
    found["settled at expiry"] += sum(not fill["orderid"] for fill in truth.state["fills"])
    for post in truth.posts:
        signal = truth.signals.get(post.signal or "")
        turned = post.message.chart is not None and post.message.chart[0] * post.message.chart[1] < 0
        found["turned over"] += turned and signal is not None and signal.outcome == Outcome.FILLED
    return +found
