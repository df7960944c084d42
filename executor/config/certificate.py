"""Client certificates of those who may send alerts: their fingerprints, as a person gives and a proxy forwards them."""

from __future__ import annotations

import re

from executor.config.reader import Reader
from executor.errors import ConfigError

_NAME = "EXECUTOR_CLIENT_CERTIFICATES"
_PROXIES = "EXECUTOR_TRUSTED_PROXIES"
_FINGERPRINT = re.compile("[0-9a-f]{40}|[0-9a-f]{64}")


def fingerprints(reader: Reader) -> frozenset[str]:
    """Those one of which an alert at a secret address must come with; none: it needs none. Raises ConfigError.

    SHA-1 or SHA-256 in hexadecimal, whichever the proxy forwards.
    """
    found = {word: bare(word) for word in reader.words(_NAME)}
    for word, fingerprint in found.items():
        if not _FINGERPRINT.fullmatch(fingerprint):
            raise ConfigError(
                f"{_NAME}: {word!r} is no fingerprint; give 40 or 64 hexadecimal digits, as on a delivery's page"
            )
    if found and not reader.words(_PROXIES):
        raise ConfigError(
            f"{_NAME} is set without {_PROXIES}: nobody would be believed to have seen a certificate, and no alert "
            "be taken; set both"
        )
    return frozenset(found.values())


def bare(text: str) -> str:
    """A fingerprint as it is compared: in small letters, without spaces and colons."""
    return text.lower().replace(" ", "").replace(":", "")
