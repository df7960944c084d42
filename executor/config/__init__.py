"""What people set: the environment, secrets, strategies, accounts and the trading calendar."""

from __future__ import annotations
