"""A Pine v6 snippet that sends the message of a template with `alert()` (tradingview.md A5)."""

from __future__ import annotations

import re

from executor.errors import ConfigError

#: The argument of the snippet's function; no placeholder of TradingView's.
ACTION = "{{strategy.order.action}}"

_EXPRESSIONS = {
    "{{strategy.order.action}}": "action",
    "{{ticker}}": "syminfo.ticker",
    "{{exchange}}": "syminfo.prefix",
    "{{open}}": "str.tostring(open)",
    "{{high}}": "str.tostring(high)",
    "{{low}}": "str.tostring(low)",
    "{{close}}": "str.tostring(close)",
    "{{volume}}": "str.tostring(volume)",
    "{{time}}": "str.format_time(time, \"yyyy-MM-dd'T'HH:mm:ss'Z'\", \"UTC\")",
    "{{timenow}}": "str.format_time(timenow, \"yyyy-MM-dd'T'HH:mm:ss'Z'\", \"UTC\")",
    "{{interval}}": "timeframe.period",
}
_PARTS = re.compile(r"(\{\{[^{}]*\}\})")
_HEAD = """\
//@version=6
// Paste into your script and call executor_alert("buy"), ("sell") or ("exit") where it decides.
// The line with the token is as good as a key: never publish the script with it.
executor_alert(string action) =>
    message = """


def snippet(message: str) -> str:
    """Code that makes a message of JSON with placeholders. Raises ConfigError for one that Pine cannot give."""
    expression = " + ".join(_piece(part) for part in _PARTS.split(message) if part)
    return f"{_HEAD}{expression}\n    alert(message, alert.freq_once_per_bar_close)\n"


def _piece(part: str) -> str:
    if not _PARTS.fullmatch(part):
        escaped = part.replace("\\", "\\\\").replace("'", "\\'")
        return f"'{escaped}'"
    if part not in _EXPRESSIONS:
        raise ConfigError(f"{part} does not exist in Pine; use one of {', '.join(_EXPRESSIONS)}, or fix the value")
    return _EXPRESSIONS[part]
