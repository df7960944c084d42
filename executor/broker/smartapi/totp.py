"""TOTP codes and their steps: never the same step twice, counted by the broker's clock (smartapi.md 1.5, F-47).

A step is reserved, durably by the caller's function, before its code leaves: a crash or a lost answer costs the code
and not the account.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pyotp

from executor.clock import IST
from executor.errors import CodeNeeded, LoginNotYet, LoginRefused

_SETTING = "SMARTAPI_TOTP_SECRET"
_STEP_S = 30
#: A step so far ahead was counted by a clock that was wrong: no broker ever took its code.
_WRONG = 120


class Steps:
    """`broker_now` is the time by the broker's clock; `last` the newest step ever reserved, if known."""

    def __init__(self, broker_now: Callable[[], datetime], *, reserve: Callable[[int], None], last: int | None) -> None:
        self._broker_now = broker_now
        self._reserve = reserve
        self._last = last

    def take(self, *, saved: int | None) -> int:
        """Reserve the step of this moment. Raises LoginNotYet when it, or a later one, was used already."""
        step = int(self._broker_now().timestamp()) // _STEP_S
        known = (one for one in (self._last, saved) if one is not None)
        used = max((one for one in known if one < step + _WRONG), default=-1)
        if step <= used:
            again = datetime.fromtimestamp((used + 1) * _STEP_S, UTC).astimezone(IST)
            raise LoginNotYet(f"the TOTP code of this moment was used already; try again at {again:%H:%M:%S} IST")
        self._reserve(step)
        self._last = step
        return step


def code_at(secret: str | None, step: int) -> str:
    """The code of a step. Raises CodeNeeded without a secret."""
    return open_secret(secret).generate_otp(step)


def open_secret(secret: str | None) -> pyotp.TOTP:
    """Raises CodeNeeded for a secret that is missing, LoginRefused for one that is none."""
    if not secret:
        raise CodeNeeded(
            f"{_SETTING} is not set, so a person has to give the code of this moment: on the page Account, or by "
            "`executor login --totp CODE`"
        )
    try:
        return pyotp.TOTP(secret)
    except ValueError:  # its text may quote the secret
        raise LoginRefused(f"{_SETTING}: not a TOTP secret; copy it (base32) from the portal's TOTP page") from None
