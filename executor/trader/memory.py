"""How little a process keeps of the memory it has used; for cheap servers.

glibc gives every thread a heap of its own, and after the first big buffer takes all later ones from these heaps too,
where a small thing behind them keeps them from being given back: each order book of a busy day is read in another of
them, and is longer than the one before.
"""

from __future__ import annotations

import ctypes

#: `mallopt` (malloc.h): a fixed size from which a buffer goes back to the system at once; the most heaps.
_MMAP_THRESHOLD, _ARENA_MAX = -3, -8
_BIG_BYTES = 128 * 1024
_HEAPS = 2


def keep_little() -> bool:
    """To be called before threads start. False where the C library is another one: nothing changes."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(_MMAP_THRESHOLD, _BIG_BYTES) and mallopt(_ARENA_MAX, _HEAPS))
