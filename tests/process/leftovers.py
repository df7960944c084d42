"""A search for secrets in what was left behind: plain, in base64, URL-encoded or with JSON's escapes."""

from __future__ import annotations

import base64
import gzip
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote

#: A secret of fewer characters is found as a word of its own only: four digits stand in every long number.
_SHORT = 6
_ALONE = rb"(?<![\w.:\[-])%s(?![\w.:\]-])"
#: JSON web tokens, whoever made them.
_JWT = re.compile(rb"eyJ[\w-]{8,}\.[\w-]+")


def forms(secret: str) -> dict[str, bytes]:
    """How a secret may be written, by name."""
    raw = secret.encode()
    found = {
        "plain": raw,
        "URL-encoded": quote(secret, safe="").encode(),
        "URL-encoded throughout": "".join(f"%{byte:02x}" for byte in raw).encode(),
        "JSON": json.dumps(secret)[1:-1].encode(),
        "JSON with slashes escaped": json.dumps(secret)[1:-1].replace("/", "\\/").encode(),
        "JSON escaped throughout": "".join(f"\\u{ord(one):04x}" for one in secret).encode(),
    }
    if len(secret) < _SHORT:
        return found | {"base64": base64.b64encode(raw).rstrip(b"=")}
    for before in range(3):
        encoded = base64.b64encode(b"?" * before + raw)
        inner = encoded[-(-before * 8 // 6) : (before + len(raw)) * 8 // 6]
        found[f"base64 from {before}"] = inner
        found[f"base64 for URLs from {before}"] = inner.translate(bytes.maketrans(b"+/", b"-_"))
    return found


def find(secrets: Mapping[str, str], places: Mapping[str, bytes]) -> list[str]:
    """Where each secret lies open, in any case: `name (form) in place`; JSON web tokens as well."""
    wanted = [
        (f"{name} ({form})", len(secret) < _SHORT, written.lower())
        for name, secret in secrets.items()
        for form, written in forms(secret).items()
    ]
    found = [f"a JWT in {place}" for place, data in places.items() if _JWT.search(data)]
    for place, data in places.items():
        lowered = data.lower()
        found += [f"{what} in {place}" for what, alone, written in wanted if _holds(lowered, written, alone=alone)]
    return found


def files_below(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file by its path, compressed ones unpacked."""
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            data = path.read_bytes()
            yield str(path.relative_to(folder)), gzip.decompress(data) if path.suffix == ".gz" else data


def _holds(data: bytes, written: bytes, *, alone: bool) -> bool:
    return written in data and (not alone or re.search(_ALONE % re.escape(written), data) is not None)
