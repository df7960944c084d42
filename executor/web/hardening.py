"""What every page is wrapped in: a Host that is ours, small forms, headers that let nothing run or be kept.

Only pages: the hook is called by a machine, on any address that reaches it.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlsplit

from flask import Blueprint, Response, request

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; connect-src 'self'; style-src 'self'; img-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
#: The largest form of ours is a login.
_FORM_BYTES = 16 * 1024
_DEFAULT_PORTS = {"http": 80, "https": 443}


def allowed_hosts(public_url: str, port: int) -> frozenset[str]:
    """The Host headers that are answered: that of the public URL, and this machine's own names with the port."""
    found = urlsplit(public_url)
    host = f"[{found.hostname}]" if ":" in (found.hostname or "") else str(found.hostname)
    standard = found.port is None or found.port == _DEFAULT_PORTS[found.scheme]
    return frozenset(
        {
            host if standard else f"{host}:{found.port}",
            *(f"{own}:{port}" for own in ("localhost", "127.0.0.1", "[::1]")),
        }
    )


def harden(blueprint: Blueprint, hosts: frozenset[str]) -> None:
    """Refuse other hosts (a page of another site that resolves to us), and set the headers on every answer."""

    @blueprint.before_request
    def check_host() -> Response | None:
        request.max_content_length = _FORM_BYTES
        if request.headers.get("Host", "").lower() in hosts:
            return None
        words = "This name is not one of ours. Set EXECUTOR_PUBLIC_URL to the address you use.\n"
        return Response(words, HTTPStatus.BAD_REQUEST, mimetype="text/plain")

    @blueprint.after_request
    def add_headers(answer: Response) -> Response:
        answer.headers.update(HEADERS)
        if answer.mimetype == "text/html":
            answer.headers["Cache-Control"] = "no-store"
        return answer
