from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from ipaddress import ip_network
from threading import Barrier
from typing import Any

import pytest
from gunicorn.http.errors import InvalidChunkSize, LimitRequestHeaders

from executor.alerts.address import hook_secret
from executor.alerts.template import Style, build
from executor.domain.delivery import Flood, Verdict
from executor.errors import NotRecorded, StoreError
from executor.web.authenticity import UNVERIFIED_A_MINUTE
from tests.alerts.sending import KEYS, STRATEGY, a_message, changed
from tests.web.conftest import Web

SECRET = hook_secret(KEYS, "trend", 1)
PROBLEM = "application/problem+json"


class FailingIntake:
    """A store that takes nothing, or breaks."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    def record_delivery(self, delivery: object, signal: object) -> None:
        raise self.error

    def record_flood(self, rows: Sequence[Flood], at: datetime) -> None:
        raise self.error


class FailingPeople:
    """Reads of people that fail, or take their time, in one place."""

    def __init__(self, web: Web, reading: str, *, error: Exception | None = None, takes_s: float = 0) -> None:
        self.web, self.reading, self.error, self.takes_s = web, reading, error, takes_s

    def strategy(self, name: str) -> object:
        return self._found("strategy", self.web.store.people.strategy(name))

    def issued_alert(self, alert: str) -> object:
        return self._found("issued_alert", self.web.store.people.issued_alert(alert))

    def _found(self, reading: str, found: object) -> object:
        if reading == self.reading and self.error:
            raise self.error
        if reading == self.reading:
            self.web.clock.advance(self.takes_s)
        return found


def with_people(web: Web, people: FailingPeople) -> Web:
    store: Any = replace(web.store, people=people)  # type: ignore[arg-type]
    return replace(web, parts=replace(web.parts, store=store))


def failing(web: Web, error: Exception) -> Web:
    store: Any = replace(web.store, intake=FailingIntake(error))  # type: ignore[arg-type]
    return replace(web, parts=replace(web.parts, store=store))


def test_a_genuine_alert_is_recorded_then_rung_then_answered_202(web: Web):
    answer = web.post()

    [delivery], [signal] = web.rows("delivery"), web.rows("signal")
    assert answer.status_code == 202 and answer.mimetype == "application/json"
    assert answer.json == {"delivery": delivery.id, "signal": signal.id, "state": "RECEIVED"}
    assert (delivery.verdict, delivery.strategy, delivery.source) == (Verdict.ACCEPTED, "trend", "127.0.0.1")
    assert (web.bell.signals, web.bell.accounts) == ([1], [signal.account])


def test_the_same_alert_again_is_200_with_the_first_signal_and_rings_nobody(web: Web):
    first, again = web.post(), web.post()

    assert again.status_code == 200
    assert again.json is not None and first.json is not None
    assert (again.json["signal"], again.json["state"]) == (first.json["signal"], "DUPLICATE")
    assert again.json["delivery"] != first.json["delivery"]
    assert [row.verdict for row in web.rows("delivery")] == [Verdict.ACCEPTED, Verdict.DUPLICATE]
    assert web.bell.signals == [1]


def test_of_copies_at_the_same_moment_one_is_recorded(web: Web):
    together, client = Barrier(4), web.client()

    def post() -> int:
        together.wait()
        return client.application.test_client().post(f"/hook/trend/{SECRET}", data=web.message).status_code

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(future.result() for future in [pool.submit(post) for _ in range(4)])

    assert answers == [200, 200, 200, 202]
    assert len(web.rows("signal")) == 1 and len({row.id for row in web.rows("delivery")}) == 4


def test_the_same_explicit_id_with_other_content_is_409(web: Web):
    made = build(
        STRATEGY, style=Style.STRATEGY, settings={"id": "x"}, keys=KEYS, alert_id="b" * 13, now=web.clock.now()
    )
    web.store.people.issue_alert(made.issued)
    first = web.post(a_message(made))

    other = web.post(a_message(made, close="900"))

    assert (first.status_code, other.status_code, other.mimetype) == (202, 409, PROBLEM)
    assert other.json is not None and first.json is not None
    assert (other.json["code"], other.json["signal"]) == ("conflict", first.json["signal"])
    assert [row.verdict for row in web.rows("delivery")] == [Verdict.ACCEPTED, Verdict.CONFLICT]


@pytest.mark.parametrize(("alter", "status", "code"), [
    (lambda body: b"not json", 400, "not_json"),
    (lambda body: changed(body, token=None), 401, "token_missing"),
    (lambda body: body.replace(b"xt1_e", b"xt1_f"), 401, "token_altered"),
    (lambda body: body + b" " * 65_536, 413, "too_large"),
    (lambda body: changed(body, price="NaN"), 422, "bad_field"),
    (lambda body: changed(body, price="{{close}}"), 422, "placeholder"),
    (lambda body: changed(body, ticker="TCS"), 422, "outside_bounds"),
    (lambda body: changed(body, fired_at="2026-11-24T03:50:00Z"), 422, "fired_other_day"),
    (lambda body: changed(body, fired_at="2026-11-25T04:00:00Z"), 422, "fired_ahead"),
])  # fmt: skip
def test_a_refused_alert_is_recorded_and_answered_as_a_problem(web: Web, alter, status: int, code: str):
    answer = web.post(alter(web.message))

    [delivery] = web.rows("delivery")
    assert (answer.status_code, answer.mimetype) == (status, PROBLEM)
    assert answer.json is not None
    assert {"type", "title", "status", "detail", "remedy"} <= answer.json.keys()
    assert (answer.json["delivery"], answer.json["code"], answer.json["state"]) == (delivery.id, code, "REFUSED")
    assert (delivery.verdict, delivery.code) == (Verdict.REFUSED, code)
    assert web.rows("signal") == [] and web.bell.signals == []


def test_a_refused_alert_burns_nothing(web: Web):
    web.post(web.message.replace(b"xt1_e", b"xt1_f"))

    assert web.post().status_code == 202


def test_a_revoked_alert_is_refused_from_then_on(web: Web):
    [alert] = web.rows("alert")
    web.store.people.revoke_alert(alert.id, web.clock.now())

    answer = web.post()

    assert answer.status_code == 401 and answer.json is not None and answer.json["code"] == "token_revoked"


@pytest.mark.parametrize("path", ["/hook/trend/wrong", "/hook/nobody/" + SECRET, "/hook/tr%00nd/x", "/hook/%FF/%FF"])
def test_an_unknown_address_is_404_without_detail_and_only_counted(web: Web, path: str):
    answer = web.post(path=path)

    assert (answer.status_code, answer.mimetype) == (404, PROBLEM)
    assert answer.json == {"type": "about:blank", "title": "Not Found", "status": 404}
    assert web.rows("delivery") == []


def test_the_rotation_before_is_taken_until_its_overlap_ends(web: Web):
    now = web.clock.now()
    web.store.people.save_strategy(replace(STRATEGY, version=2, rotation=2, rotation_before=1), by="test", at=now)
    during = web.post()
    web.store.people.save_strategy(replace(STRATEGY, version=3, rotation=2), by="test", at=now)

    after = web.post()

    assert (during.status_code, after.status_code) == (202, 404)
    assert web.rows("delivery")[0].layers["address"] == "passed: rotation 1"


@pytest.mark.parametrize("path", [f"/hook/trend/{SECRET}", f"/hook/trend/{SECRET}/"])
@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "text/plain", "application/x-www-form-urlencoded",
                                  "multipart/form-data; boundary=x", "image/png", None])  # fmt: skip
def test_slash_and_content_type_make_no_difference(web: Web, path: str, kind: str | None):
    answer = web.post(path=path, content_type=kind)

    assert answer.status_code == 202


@pytest.mark.parametrize(("path", "status"), [
    (f"//hook//trend/{SECRET}", 404), (f"/hook/trend//{SECRET}", 404), ("/hook/trend", 401), ("/hook/trend/", 401),
    ("/hook/trend//", 404), ("/hook", 404), ("/hook/", 404), ("/hook//", 404), ("/", 404),
    (f"/hook/../hook/trend/{SECRET}", 404),
])  # fmt: skip
def test_nothing_is_ever_redirected(web: Web, path: str, status: int):
    answer = web.post(path=path)

    assert answer.status_code == status and "Location" not in answer.headers


def test_no_cookie_is_ever_set(web: Web):
    answers = [
        web.post(),
        web.post(b"x"),
        web.post(path="/hook/trend/wrong"),
        web.client().get(f"/hook/trend/{SECRET}"),
    ]

    assert [answer.status_code for answer in answers] == [202, 400, 404, 405]
    assert not any("Set-Cookie" in answer.headers for answer in answers)


def test_unverified_arrivals_over_the_limit_are_429_and_counted_while_verified_ones_pass(web: Web):
    statuses = [web.post(b"x").status_code for _ in range(UNVERIFIED_A_MINUTE + 2)]

    assert statuses == [400] * UNVERIFIED_A_MINUTE + [429, 429]
    assert len(web.rows("delivery")) == UNVERIFIED_A_MINUTE
    assert web.post().status_code == 202
    assert web.post(changed(web.message, ticker="TCS")).status_code == 422


def test_with_a_pinned_certificate_an_alert_without_it_is_refused_and_recorded(web: Web):
    pinned, proxies = "0123456789abcdef0123456789abcdef01234567", (ip_network("127.0.0.0/8"),)
    web.parts = replace(web.parts, certificates=frozenset({pinned}), trusted_proxies=proxies)
    halves = f"{pinned[:20].upper()} {pinned[20:]}"

    def post(certificate: str, *, peer: str = "127.0.0.1") -> int:
        headers, where = {"X-Client-Certificate": certificate}, {"REMOTE_ADDR": peer}
        address, body = f"/hook/trend/{SECRET}", web.message
        return web.client().post(address, data=body, headers=headers, environ_overrides=where).status_code

    answered = [post(""), post("0" * 40), post(halves, peer="203.0.113.5"), post(halves)]

    assert answered == [403, 403, 403, 202]
    rows = sorted(web.rows("delivery"), key=lambda row: row.id)
    assert [row.code for row in rows] == ["certificate"] * 3 + [None]
    assert [row.layers["certificate"] for row in rows] == ["failed: certificate"] * 3 + ["passed"]


def test_the_limit_is_per_source_and_minute(web: Web):
    web.parts = replace(web.parts, trusted_proxies=(ip_network("127.0.0.0/8"),))
    client = web.client()

    def post(source: str) -> int:
        return client.post(f"/hook/trend/{SECRET}", data=b"x", headers={"X-Forwarded-For": source}).status_code

    for _ in range(UNVERIFIED_A_MINUTE):
        post("203.0.113.5")

    assert (post("203.0.113.5"), post("203.0.113.6")) == (429, 400)
    web.clock.advance(60)
    assert post("203.0.113.5") == 400


@pytest.mark.parametrize("error", [NotRecorded, StoreError])  # the second: nobody can tell what came of the COMMIT
def test_what_could_not_be_recorded_is_503_and_rings_nobody(web: Web, error: type[StoreError]):
    broken = failing(web, error("the database could not take it: locked at /secret/path"))

    answer = broken.post()

    assert (answer.status_code, answer.mimetype) == (503, PROBLEM)
    assert answer.json is not None and answer.json["code"] == "not_recorded"
    assert "delivery" not in answer.json and "/secret/path" not in answer.text
    assert web.bell.signals == [] and web.post().status_code == 202


@pytest.mark.parametrize("error", [NotRecorded("locked"), StoreError("lost at COMMIT")])
@pytest.mark.parametrize("reading", ["strategy", "issued_alert"])
def test_a_read_that_fails_is_503_because_the_alert_is_not_recorded(web: Web, reading: str, error: StoreError):
    answer = with_people(web, FailingPeople(web, reading, error=error)).post()

    assert (answer.status_code, answer.get_json()["code"]) == (503, "not_recorded")
    assert (web.rows("delivery"), web.bell.signals) == ([], [])


@pytest.mark.parametrize("reading", ["strategy", "issued_alert"])
def test_a_read_that_takes_long_is_503_before_a_write_is_tried_that_the_sender_would_not_wait_for(web: Web, reading):
    slow = with_people(web, FailingPeople(web, reading, takes_s=0.6))

    answer = slow.post()

    assert (answer.status_code, answer.get_json()["code"]) == (503, "not_recorded")
    assert web.rows("delivery") == []


@pytest.mark.parametrize("error", [OSError("reset by peer"), InvalidChunkSize(b"z"), LimitRequestHeaders("trailers")])
def test_a_body_that_is_not_framed_as_http_says_is_400_and_only_counted(web: Web, error: Exception):
    class Broken:
        def read(self, size: int) -> bytes:
            raise error

    environ = {"wsgi.input": Broken(), "wsgi.input_terminated": True, "REQUEST_METHOD": "POST"}
    answer = web.client().post(f"/hook/trend/{SECRET}", environ_overrides=environ)

    assert (answer.status_code, answer.mimetype, web.rows("delivery")) == (400, PROBLEM, [])
    [flood] = web.parts.floods.take_all()
    assert flood.sample == "a broken body"


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"])
@pytest.mark.parametrize("path", [f"/hook/trend/{SECRET}", f"/hook/trend/{SECRET}/", "/hook/trend/wrong", "/hook/a/b"])
def test_other_methods_are_405_whatever_the_address(web: Web, method: str, path: str):
    answer = web.client().open(path, method=method)

    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert "Location" not in answer.headers and "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Real-IP", "Forwarded", "X-Client-IP", "True-Client-IP"])
def test_a_source_cannot_be_claimed_from_an_untrusted_peer(web: Web, header: str):
    web.post(b"x", headers={header: "52.89.214.238", "Host": "evil.example"})

    assert [row.source for row in web.rows("delivery")] == ["127.0.0.1"]


def test_a_fault_of_ours_is_500_and_its_log_shows_no_secret(web: Web, caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.ERROR):
        answer = failing(web, RuntimeError("unexpected")).post()

    assert (answer.status_code, answer.mimetype) == (500, PROBLEM)
    assert "/hook/<strategy>/<secret>" in caplog.text
    assert SECRET not in caplog.text and "xt1_" not in caplog.text


def test_no_secret_is_in_any_row_or_answer(web: Web):
    token = json.loads(web.message)["token"]
    headers = {"Authorization": f"Bearer {token}", "Cookie": "session=abc", "User-Agent": f"curl {token}"}

    answers = [web.post(headers=headers), web.post(changed(web.message, comment=token), headers=headers)]

    kept = repr([web.rows(name) for name in ("delivery", "signal", "audit", "alert")]) + "".join(
        a.text for a in answers
    )
    assert [answer.status_code for answer in answers] == [202, 422]
    assert token[:40] not in kept and SECRET not in kept and "session=abc" not in kept
