"""The trader: owns broker sessions, desks, limits and due work. It serves no HTTP."""

from __future__ import annotations
