"""Nouns and arithmetic of the executor; stdlib only, no input or output."""

from __future__ import annotations
