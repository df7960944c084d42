"""Alembic migrations; shipped in the wheel and run by `executor db upgrade`."""

from __future__ import annotations
