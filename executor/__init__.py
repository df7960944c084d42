"""TradingView alerts to Angel One SmartAPI orders. Start reading at docs/architecture.md."""

from __future__ import annotations

import sys

#: httpx imports a command line of its own where rich and click are: 4 MB in each process that speaks to a broker, and
#: a tenth of the trader's start. None in sys.modules makes that one import fail, which httpx provides for.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
