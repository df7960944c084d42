"""Who logs in, and the headers that every call carries (1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Credentials:
    """A login at Angel One. `pin` is the 4-digit MPIN; `totp_secret` is base32 or an otpauth:// address."""

    api_key: str = field(repr=False)
    client_code: str
    pin: str = field(repr=False)
    totp_secret: str | None = field(default=None, repr=False)
    public_ip: str = "127.0.0.1"
    local_ip: str = "127.0.0.1"
    mac: str = "00:00:00:00:00:00"


def headers_of(credentials: Credentials) -> Mapping[str, str]:
    """The headers of 1.2 but for Authorization; the public address is the registered one."""
    return {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "X-UserType": "USER",
        "X-SourceID": "WEB",
        "X-PrivateKey": credentials.api_key,
        "X-ClientLocalIP": credentials.local_ip,
        "X-ClientPublicIP": credentials.public_ip,
        "X-MACAddress": credentials.mac,
    }
