"""Read settings from a mapping: by name or from the file that NAME_FILE names, with errors that say what to do.

environs does the parsing, over a mapping that is handed in instead of the process's own environment, so that a
test or a second reader sees exactly what it was given. An empty value counts as not set, and every value as it stands:
`${…}` in a secret is no reference, in a .env neither. A value is shown in an error only where the reader says so:
secrets never are.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from io import StringIO
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

from dotenv.parser import parse_stream
from environs import Env, EnvValidationError
from marshmallow.validate import Range

from executor.errors import ConfigError

FILE_SUFFIX = "_FILE"
OURS = "EXECUTOR_"


class Reader:
    """Settings by name. `env_file` (a .env, may be absent) stands behind `environ`."""

    def __init__(self, environ: Mapping[str, str], env_file: Path | None = None) -> None:
        self._env = _Mapped(environ)
        if env_file is not None:
            self._env.stand_behind(_filed(env_file))

    def refuse_unknown(self, known: Sequence[str]) -> None:
        """Raise ConfigError for a setting of ours that does not exist: a typing error would go unnoticed."""
        allowed = [name for setting in known for name in (setting, setting + FILE_SUFFIX)]
        for name in self._env.names():
            if name.startswith(OURS) and name not in allowed:
                nearest = difflib.get_close_matches(name, allowed, n=1, cutoff=0.0)[0]
                raise ConfigError(f"{name} is no setting; did you mean {nearest}? Correct or remove it")

    def text(self, name: str) -> str | None:
        return (self._env.str(name, "") or "").strip() or None

    def number(self, name: str, default: int, *, least: int, most: int) -> int:
        """Read a whole number within its range. Raises ConfigError."""
        try:
            return self._env.int(name, default, validate=Range(least, most))
        except EnvValidationError:
            raise ConfigError(f"{name} is {self.text(name)!r}; give a whole number from {least} to {most}") from None

    def path(self, name: str) -> Path | None:
        found = self.text(name)
        return Path(found) if found else None

    def words(self, name: str) -> tuple[str, ...]:
        """Read values separated by commas."""
        found: list[str] = self._env.list(name, [])
        return tuple(word.strip() for word in found if word.strip())

    def address(self, name: str) -> str | None:
        """Read an IP address. Raises ConfigError."""
        found = self.text(name)
        try:
            return str(ip_address(found)) if found else None
        except ValueError:
            raise ConfigError(f"{name} is {found!r}; give an IP address such as 203.0.113.7") from None

    def url(self, name: str, *, scheme: str) -> str | None:
        """Read a URL, without a slash at its end. Raises ConfigError: not encrypted is allowed on loopback only."""
        found = self.text(name)
        if found is None:
            return None
        parts = _split(found)
        if parts is None or parts.scheme not in (scheme, scheme.removesuffix("s")):
            raise ConfigError(f"{name} is not a {scheme}:// URL; give one with a host, such as {scheme}://host/path")
        if parts.scheme != scheme and not is_loopback(found):
            raise ConfigError(f"{name} begins with {parts.scheme}:// and leaves this machine; use {scheme}://")
        return found.rstrip("/")


class _Mapped(Env):
    """environs over a mapping of its own; it would read os.environ first."""

    def __init__(self, given: Mapping[str, str]) -> None:
        super().__init__()
        self._environ.update({name: value for name, value in given.items() if value.strip()})

    def stand_behind(self, filed: Mapping[str, str | None]) -> None:
        """Add what a file says of settings that were not given, in neither of their two forms."""
        given = {name.removesuffix(FILE_SUFFIX) for name in self._environ}
        said = {name: value for name, value in filed.items() if value and value.strip()}
        self._environ.update({n: value for n, value in said.items() if n.removesuffix(FILE_SUFFIX) not in given})

    def names(self) -> list[str]:
        return sorted(self._environ)

    def _get_from_environ(self, key: str, default: Any, *, proxied: bool = False) -> tuple[str, Any, str | None]:  # noqa: ARG002
        """Look a value up as it stands: `{{…}}` and `$` in a secret are not references."""
        value, path = self._environ.get(key), self._environ.get(key + FILE_SUFFIX)
        if path is None:
            return key, default if value is None else value, None
        if value is not None:
            raise ConfigError(f"{key} and {key}{FILE_SUFFIX} are both set; remove one")
        try:
            return key, Path(path).read_text(), None
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{key}{FILE_SUFFIX} names {path}, which cannot be read ({error}); correct it") from error


def _filed(env_file: Path) -> dict[str, str | None]:
    """What a .env says. Raises ConfigError for a line that is no setting: it would have its default, unnoticed."""
    if not env_file.exists():
        return {}
    try:
        text = env_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{env_file} cannot be read ({error}); it is to be a text in UTF-8") from error
    said: dict[str, str | None] = {}
    for binding in parse_stream(StringIO(text)):
        if binding.error or (binding.key and binding.value is None):  # its words are not shown: they may be a secret
            blank = len(binding.original.string) - len(binding.original.string.lstrip("\n"))
            raise ConfigError(
                f"{env_file}: line {binding.original.line + blank} is no setting; write NAME=VALUE, and quotes around "
                "the whole value or not at all"
            )
        if binding.key is not None:
            said[binding.key] = binding.value
    return said


def is_loopback(url: str) -> bool:
    """Whether a URL's host is this machine itself."""
    parts = _split(url)
    host = parts.hostname if parts else None
    try:
        return host == "localhost" or (host is not None and ip_address(host).is_loopback)
    except ValueError:
        return False


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        return parts if parts.hostname and parts.port != 0 else None
    except ValueError:
        return None
