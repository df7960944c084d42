"""The demo: everything set up from nothing, real processes, real HTTP, and the exchange's own truth to check against.

It uses only what a user has: the `executor` commands, the hooks, and the simulator's control address.
"""

from __future__ import annotations
