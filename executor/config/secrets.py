"""Keys made from SECRET_KEY, one for each purpose, and the sealing of what must not lie open in the store.

Invariants: no key is used for two purposes; neither key nor secret is in a repr, a log or an exception.
"""

from __future__ import annotations

import base64
import hmac
import os
import secrets
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from executor.errors import ConfigError

SHORTEST = 32
KEY_FILE = "secret_key"

_PURPOSE = "executor v1 "
_MADE_BYTES = 32


@dataclass(frozen=True, slots=True)
class Keys:
    """Raw keys by purpose. `key_id` is the fingerprint of the SECRET_KEY they come from; it may be shown."""

    key_id: str
    address: bytes = field(repr=False)
    token: bytes = field(repr=False)
    session: bytes = field(repr=False)
    seal: bytes = field(repr=False)
    seal_before: bytes | None = field(default=None, repr=False)

    @classmethod
    def derive(cls, secret_key: str, *, old: str | None = None) -> Keys:
        """Make the keys of a SECRET_KEY; with `old`, what that key sealed can still be opened.

        Raises ConfigError for a key under 32 characters.
        """
        return cls(
            key_id=fingerprint(secret_key),
            address=_derive(secret_key, "address"),
            token=_derive(secret_key, "token"),
            session=_derive(secret_key, "session"),
            seal=_derive(secret_key, "seal"),
            seal_before=_derive(old, "seal", setting="SECRET_KEY_OLD") if old else None,
        )


def fingerprint(secret_key: str) -> str:
    """16 hex characters that tell keys apart and say nothing about them. Raises ConfigError."""
    return _derive(secret_key, "fingerprint")[:8].hex()


def mark(secret_key: str, text: str) -> str:
    """16 hex characters by which a secret text is known again; without the key they say nothing about it."""
    return hmac.digest(_derive(secret_key, "mark"), text.encode(), "sha256")[:8].hex()


def seal(keys: Keys, text: str) -> str:
    """Encrypt and authenticate a text for the store."""
    return _box(keys).encrypt(text.encode()).decode()


def unseal(keys: Keys, text: str) -> str:
    """Open what `seal` made, with this key or the one before it. Raises ConfigError when neither fits."""
    try:
        return _box(keys).decrypt(text.encode()).decode()
    except InvalidToken:
        pass
    raise ConfigError(
        "a sealed value in the store does not open with SECRET_KEY: give the key it was sealed with as SECRET_KEY_OLD, "
        "or enter the credentials anew"
    )


def own_secret_key(state_dir: Path) -> str:
    """The key in the state dir, readable by its owner only; where there is none a new one, in memory until it is kept.

    Raises ConfigError.
    """
    path = state_dir / KEY_FILE
    try:
        if not path.exists():
            return secrets.token_urlsafe(_MADE_BYTES)
        if path.stat().st_mode & 0o077:
            raise ConfigError(f"{path} can be read by others; run: chmod 600 {path}")
        return path.read_text().strip()
    except OSError as error:
        raise _unusable(path, error) from error


def keep_secret_key(state_dir: Path, key: str) -> None:
    """Lay a key into the state dir unless it is there. Raises ConfigError, also when there is another one by now."""
    path = state_dir / KEY_FILE
    try:
        if not path.exists():
            _lay(path, key)
    except OSError as error:
        raise _unusable(path, error) from error
    if own_secret_key(state_dir) != key:
        raise ConfigError(f"{path}: another process made it at this moment; run the command again")


def _unusable(path: Path, error: OSError) -> ConfigError:
    return ConfigError(f"{path}: {error.strerror}; make EXECUTOR_STATE_DIR writable, or give SECRET_KEY")


def _lay(path: Path, key: str) -> None:
    """Two processes may start at once: the first link wins, and the other sees it."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(key + "\n")
            file.flush()
            os.fsync(file.fileno())
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink(missing_ok=True)


def _derive(secret_key: str, purpose: str, *, setting: str = "SECRET_KEY") -> bytes:
    if len(secret_key) < SHORTEST:
        raise ConfigError(
            f"{setting} has {len(secret_key)} characters; it needs {SHORTEST} or more: "
            "make one with `python3 -c 'import secrets; print(secrets.token_urlsafe(32))'`"
        )
    return HKDF(SHA256(), 32, salt=None, info=(_PURPOSE + purpose).encode()).derive(secret_key.encode())


def _box(keys: Keys) -> MultiFernet:
    both = [keys.seal] if keys.seal_before is None else [keys.seal, keys.seal_before]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in both])
