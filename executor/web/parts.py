"""What the web is made of, handed in by bootstrap: no view knows where its parts come from."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from executor.clock import Clock, SystemClock
from executor.config.secrets import Keys
from executor.doorbell import Doorbell
from executor.store.store import Store
from executor.web.authenticity import Floods, Networks


@dataclass(frozen=True, slots=True)
class WebParts:
    """`new_id` is safe between threads. `trusted_proxies` may say where an arrival comes from and which certificate was
    shown, others may not. `certificates`: fingerprints, one of which an alert must come with; none: it needs none.

    `expected` tells the accounts that are configured to be traded, anew at each question: one may be added while web
    runs. `windows` are our limits of orders (count, span); `system` is the machine's clock, by which tokens end.
    """

    store: Store
    keys: Keys = field(repr=False)
    clock: Clock
    new_id: Callable[[], str]
    doorbell: Doorbell
    floods: Floods
    trusted_proxies: Networks = ()
    certificates: frozenset[str] = frozenset()
    expected: Callable[[], Collection[str]] = tuple
    windows: Sequence[tuple[int, timedelta]] = ()
    system: Clock = field(default_factory=SystemClock)
