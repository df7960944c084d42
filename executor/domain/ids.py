"""Ids made by us: 13 characters of lower-case Crockford base32, 45 bits of milliseconds and 20 of chance.

Invariant: every id of one `Ids` is greater than the one before, also when the clock stands or runs back; a start
continues above the newest id in the store, and by chance up to a second above it: several processes may start while
the clock is behind that id. So ids sort by time, and a restored database never repeats one.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from random import Random
from threading import Lock
from typing import NewType

DeliveryId = NewType("DeliveryId", str)
SignalId = NewType("SignalId", str)
CommandId = NewType("CommandId", str)
BracketId = NewType("BracketId", str)
LegId = NewType("LegId", str)
OrderId = NewType("OrderId", str)
IntentId = NewType("IntentId", str)
CallId = NewType("CallId", str)
OrderTag = NewType("OrderTag", str)
BrokerOrderId = NewType("BrokerOrderId", str)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_LENGTH = 13
_CHANCE_BITS = 20
#: How far above the newest id a start goes on at most: a second.
_START_BITS = 30


class Ids:
    """Make ids; may be shared between threads."""

    def __init__(self, now: Callable[[], datetime], chance: Random, *, above: str | None = None) -> None:
        self._now = now
        self._chance = chance
        self._last = decode(above) + chance.getrandbits(_START_BITS) if above else 0
        self._lock = Lock()

    def new(self) -> str:
        with self._lock:
            milliseconds = int(self._now().timestamp() * 1000)
            fresh = (milliseconds << _CHANCE_BITS) | self._chance.getrandbits(_CHANCE_BITS)
            same_or_earlier = fresh >> _CHANCE_BITS <= self._last >> _CHANCE_BITS
            self._last = self._last + 1 if same_or_earlier else fresh
            return encode(self._last)


def encode(number: int) -> str:
    """The 13 characters of a 65-bit number."""
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(5 * (_LENGTH - 1), -1, -5))


def first_of(moment: datetime) -> str:
    """The least id that may be made at a moment: ids from then on are not below it."""
    return encode(int(moment.timestamp() * 1000) << _CHANCE_BITS)


def decode(text: str) -> int:
    """The number behind an id. Raises ValueError for anything that is not 13 characters of the alphabet."""
    if len(text) != _LENGTH:
        raise ValueError(f"an id has {_LENGTH} characters, was {len(text)}")
    number = 0
    for character in text:
        number = number << 5 | _ALPHABET.index(character)
    return number


def tag_of(leg: LegId, attempt: int) -> OrderTag:
    """The tag that an order carries at the broker: x + leg + attempt, 16 characters of [0-9a-z] (limit: 19)."""
    return OrderTag(f"x{leg}{_ALPHABET[attempt >> 5]}{_ALPHABET[attempt & 31]}")


def is_tag(text: str | None) -> bool:
    """Whether a text has the form of our tags; foreign software may of course imitate it."""
    if text is None or len(text) != 16 or text[0] != "x":
        return False
    return all(character in _ALPHABET for character in text[1:])
