"""The database: the contract between web and trader, and the only room with SQL."""

from __future__ import annotations
