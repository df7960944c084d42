"""From a chart's ticker to what can be traded, and the instrument file that it is looked up in."""

from __future__ import annotations
