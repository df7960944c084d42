"""A person at the pages of a real web process, over HTTP."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from urllib.parse import urlencode


@dataclass
class Reader:
    """A person at the pages of a real web, who keeps what they showed."""

    url: str
    pages: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    opener: urllib.request.OpenerDirector = field(
        default_factory=lambda: urllib.request.build_opener(urllib.request.HTTPCookieProcessor(CookieJar()))
    )

    def read(self, path: str, form: Mapping[str, str] | bytes | None = None) -> bytes:
        data = urlencode(form).encode() if isinstance(form, Mapping) else form
        request = urllib.request.Request(self.url + path, data=data, headers=self.headers)
        try:
            with self.opener.open(request, timeout=10) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return bytes(error.read())

    def log_in(self, name: str, password: str) -> None:
        found = re.search(rb'name="csrf" value="([^"]+)"', self.read("/login"))
        assert found
        self.read("/login", {"name": name, "password": password, "csrf": found[1].decode()})

    def walk(self) -> None:
        """Every page that a link leads to, and files; of one with filters the page without them."""
        waiting = ["/", "/status", "/account", "/orders", "/refusals"]
        while waiting:
            path = waiting.pop()
            if path in self.pages:
                continue
            self.pages[path] = self.read(path)
            links = re.findall(rb'href="(/[^"#?]*)', self.pages[path])
            waiting += [link.decode() for link in links if not link.startswith(b"/static")]
