"""Packets of SmartStream: little-endian, prices in paise (smartapi.md 7.2). All modes begin alike."""

from __future__ import annotations

import struct
from typing import NamedTuple

from executor.domain.instrument import InstrumentKey, Segment

SEGMENTS = {1: Segment.NSE, 2: Segment.NFO, 3: Segment.BSE, 4: Segment.BFO, 5: Segment.MCX}
NUMBERS = {segment: number for number, segment in SEGMENTS.items()}
#: What each mode's packet has at least: LTP, Quote, SnapQuote.
_LENGTHS = {1: 51, 2: 123, 3: 379}
_HEAD = struct.Struct("<BB25sqqq")
_MOST_PAISE = 10**12


class Tick(NamedTuple):
    """The last price of a contract, in paise, and when the exchange told it (epoch ms)."""

    contract: InstrumentKey
    paise: int
    told_ms: int


class Ticks:
    """Reads packets; the names of contracts are kept, for they come thousands of times."""

    def __init__(self) -> None:
        self._names: dict[tuple[int, bytes], InstrumentKey] = {}

    def read(self, packet: bytes) -> Tick | None:
        """The tick of a packet; None for what is none, or of a segment that is not traded here."""
        if len(packet) < _LENGTHS.get(packet[0] if packet else 0, len(packet) + 1):
            return None
        _, number, name, _, told_ms, paise = _HEAD.unpack_from(packet)
        contract = self._names.get((number, name)) or self._named(number, name)
        if contract is None or not 0 < paise < _MOST_PAISE:
            return None
        return Tick(contract, paise, told_ms)

    def _named(self, number: int, name: bytes) -> InstrumentKey | None:
        segment, token = SEGMENTS.get(number), name.partition(b"\0")[0]
        if segment is None or not token.isalnum():
            return None
        contract = InstrumentKey(segment, token.decode("ascii"))
        self._names[number, name] = contract
        return contract
