"""Who logs in, and the headers that every call carries (1.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: Sent when the setting is missing: the headers must be there, their values are not checked for reads (1.2).
_NO_ADDRESS, _NO_MAC = "127.0.0.1", "00:00:00:00:00:00"


@dataclass(frozen=True, slots=True)
class Credentials:
    """A login at Angel One. `pin` is the 4-digit MPIN, `totp_secret` base32."""

    api_key: str = field(repr=False)
    client_code: str
    pin: str = field(repr=False)
    totp_secret: str | None = field(default=None, repr=False)
    public_ip: str | None = None
    local_ip: str | None = None
    mac: str | None = None


def headers_of(credentials: Credentials) -> Mapping[str, str]:
    """The headers of 1.2 but for Authorization; the public address is the registered one."""
    return {
        "Content-Type": "application/json",
        "Accept": "application/json",
        "X-UserType": "USER",
        "X-SourceID": "WEB",
        "X-PrivateKey": credentials.api_key,
        "X-ClientLocalIP": credentials.local_ip or _NO_ADDRESS,
        "X-ClientPublicIP": credentials.public_ip or _NO_ADDRESS,
        "X-MACAddress": credentials.mac or _NO_MAC,
    }
