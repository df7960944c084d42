"""The password before the pages: one person, a signed cookie, a token in every form.

A session ends after twelve hours of system time (not of a simulated clock), with a logout, with a new password, and
with another SECRET_KEY. The cookie holds no secret: it is signed, not sealed.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus

from flask import Blueprint, Flask, redirect, render_template, request, session, url_for
from werkzeug.security import check_password_hash
from werkzeug.wrappers import Response

from executor.clock import Clock
from executor.errors import StoreError
from executor.store.people import People, Person
from executor.web.attempts import Attempts
from executor.web.ended import Ended

PERSON = "trader"
SESSION_LIFE = timedelta(hours=12)
#: One password is checked at a time (scrypt takes 32 MB); who waits longer than this is asked to come again.
_QUEUE_S = 3.0
_OPEN = frozenset({"pages.login", "pages.enter", "pages.static"})


@dataclass(frozen=True, slots=True)
class LoginParts:
    """`source` says where the present request comes from; `system` is never a simulated clock."""

    people: People
    system: Clock
    key: bytes = field(repr=False)
    source: Callable[[], str]


def configure_sessions(app: Flask, key: bytes, *, secure: bool) -> None:
    """Sign the session cookie; with https it is bound to this very host."""
    app.secret_key = key
    app.config.update(
        SESSION_COOKIE_NAME="__Host-executor" if secure else "executor",
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_PATH="/",
        PERMANENT_SESSION_LIFETIME=SESSION_LIFE,
    )


def csrf_token() -> str:
    """The token that every form of this session carries."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(24)
    return str(session["csrf"])


def add_login(blueprint: Blueprint, parts: LoginParts) -> None:
    """Put login, logout and the two guards (session, form token) before a blueprint's views."""
    door = _Door(parts)

    @blueprint.before_request
    def guard() -> Response | tuple[str, int] | None:
        if request.method not in {"GET", "HEAD"} and not _is_own_form():
            return _form("The form has expired. Try again.", HTTPStatus.BAD_REQUEST)
        if request.endpoint in _OPEN or door.is_open():
            return None
        return redirect(url_for("pages.login", next=_here()))

    @blueprint.get("/login")
    def login() -> str | tuple[str, int]:
        if parts.people.person(PERSON) is None:
            return render_template("no_password.html")
        return _form("")

    @blueprint.post("/login")
    def enter() -> Response | tuple[str, int]:
        refused = door.enter(request.form.get("name", ""), request.form.get("password", ""))
        if refused is not None:
            return _form(*refused)
        return redirect(_local(request.args.get("next", "")), HTTPStatus.SEE_OTHER)

    @blueprint.post("/logout")
    def leave() -> Response:
        door.leave()
        return redirect(url_for("pages.login"), HTTPStatus.SEE_OTHER)


class _Door:
    def __init__(self, parts: LoginParts) -> None:
        self._parts = parts
        self._attempts = Attempts(parts.people, PERSON)
        self._ended = Ended(parts.people, SESSION_LIFE)
        self._one_at_a_time = threading.Lock()

    def is_open(self) -> bool:
        """Whether this request belongs to a session that still holds."""
        person = self._parts.people.person(PERSON)
        if person is None or not {"bound", "id"} <= session.keys() or self._ended.holds(session["id"]):
            return False
        age = self._parts.system.now().timestamp() - session["since"]
        same_password = hmac.compare_digest(str(session["bound"]), self._bound(person))
        return same_password and 0 <= age < SESSION_LIFE.total_seconds()

    def leave(self) -> None:
        """End the session, for every copy of its cookie."""
        self._ended.add(session["id"], self._parts.system.now())
        session.clear()

    def enter(self, name: str, password: str) -> tuple[str, HTTPStatus] | None:
        """Start a session, or say why not."""
        if not self._one_at_a_time.acquire(timeout=_QUEUE_S):
            return "Busy with other logins. Try again.", HTTPStatus.TOO_MANY_REQUESTS
        try:
            return self._enter(name, password)
        finally:
            self._one_at_a_time.release()

    def _enter(self, name: str, password: str) -> tuple[str, HTTPStatus] | None:
        source, now = self._parts.source(), self._parts.system.now()
        wait = self._attempts.wait(source, now)
        if wait:
            seconds = -int(-wait.total_seconds() // 1)
            return f"Too many wrong passwords. Try again in {seconds} s.", HTTPStatus.TOO_MANY_REQUESTS
        person = self._parts.people.person(PERSON)
        right = person is not None and check_password_hash(person.password_hash, password)
        if person is None or not right or name != PERSON:
            self._attempts.failed(source, now)
            return "Wrong name or password.", HTTPStatus.UNAUTHORIZED
        with suppress(StoreError):  # on a full disk too: who comes then comes to stop
            self._attempts.succeeded(source, now)
        session.clear()
        session.update(id=secrets.token_urlsafe(12), since=int(now.timestamp()), bound=self._bound(person))
        csrf_token()
        return None

    def _bound(self, person: Person) -> str:
        """What ties a session to the password it was opened with."""
        return hmac.digest(self._parts.key, person.password_hash.encode(), hashlib.sha256).hex()


def _is_own_form() -> bool:
    given, expected = request.form.get("csrf", ""), str(session.get("csrf", ""))
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def _form(error: str, status: HTTPStatus = HTTPStatus.OK) -> tuple[str, int]:
    following = _local(request.args.get("next", ""))
    return render_template("login.html", error=error, name=PERSON, following=following, csrf=csrf_token()), status


def _here() -> str:
    return request.full_path.rstrip("?") if request.method == "GET" else "/"


def _local(target: str) -> str:
    """A path of ours to go on to; anything else is the log."""
    is_path = target.startswith("/") and not target.startswith("//") and "\\" not in target and target.isprintable()
    return target if is_path else "/"
