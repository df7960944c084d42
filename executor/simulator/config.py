"""What a simulator is started with, and the login it makes up from its seed."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from random import Random

from executor.simulator.exchange.rules import Rules


@dataclass(frozen=True, slots=True)
class SimulatorConfig:
    """Options of one simulator. The same seed gives the same login, ids and prices."""

    seed: int = 1
    limits: bool = True  #: the rate limits of smartapi.md 5
    single_session: bool = True  #: a new login ends the older session
    totp_once: bool = False  #: a TOTP step is accepted once only
    clock_ahead_s: float = 0.0  #: so far the broker's clock is ahead of the simulation's, for TOTP and dates
    journal: int = 50_000  #: so many requests are remembered
    registered_ips: tuple[str, ...] = ()  #: X-ClientPublicIP of writes must be one of these; empty = not checked
    master_rows: int = 0  #: about so many rows in the instrument file, as in reality 200,000; 0 = few
    all_follow: bool = False  #: the contracts that walk by themselves follow their underlyings too
    rules: Rules = field(default_factory=Rules)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A login that exists in this simulator only; worthless elsewhere."""

    api_key: str
    client_code: str
    pin: str
    totp_secret: str


def credentials(seed: int) -> Credentials:
    """Make the login that belongs to `seed`; the TOTP secret has 32 base32 characters."""
    random = Random(f"{seed}/credentials")
    return Credentials(
        api_key="".join(random.choices("ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789", k=8)),
        client_code=f"S{random.randrange(10**6):06d}",
        pin=f"{random.randrange(10**4):04d}",
        totp_secret=base64.b32encode(random.randbytes(20)).decode(),
    )
