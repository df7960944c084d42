"""Tests of the way to the broker."""

from __future__ import annotations
