"""`/hook/<strategy>`: senders that can set headers prove themselves by Standard Webhooks, and by nothing else."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, timedelta

import pytest
from standardwebhooks import Webhook

from executor.alerts.address import hook_secret, standard_webhook_secret
from executor.domain.delivery import Verdict
from executor.web.authenticity import ANYONES_BYTES, UNVERIFIED_A_MINUTE
from tests.alerts.sending import KEYS, OTHER_KEYS, STRATEGY, changed
from tests.web.conftest import Web
from tests.web.signing import BODY, PATH, PROBLEM, SECRET, Sender, fields, saved, told

ROTATED = replace(STRATEGY, version=2, rotation=2, rotation_before=1)


@pytest.fixture
def sender(web: Web) -> Sender:
    return Sender(web)


# -- a good one


def test_a_signed_alert_is_recorded_then_rung_then_answered_202(web: Web, sender: Sender):
    answer = sender.post()

    [delivery], [signal] = web.rows("delivery"), web.rows("signal")
    assert answer.status_code == 202
    assert answer.json == {"delivery": delivery.id, "signal": signal.id, "state": "RECEIVED"}
    assert (delivery.verdict, delivery.strategy, delivery.body) == (Verdict.ACCEPTED, "trend", BODY.decode())
    assert (signal.key, signal.fields["ticker"], signal.fields["price"]) == ("id:msg_1", "SBIN", "812.5")
    assert web.bell.signals == [1]


def test_what_each_layer_found_stands_on_the_delivery_without_the_signature(web: Web, sender: Sender):
    sender.post()

    [delivery] = web.rows("delivery")
    assert set(delivery.layers) == {"address", "signature", "schema", "bounds", "freshness"}
    assert delivery.layers["signature"] == "passed: secret of rotation 1, message msg_1, signed 0 s before"
    assert delivery.headers["Webhook-Id"] == "msg_1" and "Webhook-Signature" not in delivery.headers
    assert sender.headers()["webhook-signature"].removeprefix("v1,") not in repr([*web.rows("audit"), delivery])


def test_the_library_signs_what_is_taken_here(web: Web):
    now = web.clock.now().astimezone(UTC)
    signature = Webhook(SECRET).sign("msg_1", now, BODY.decode())

    answer = Sender(web).post(put_signature=signature)

    assert answer.status_code == 202


@pytest.mark.parametrize("path", [PATH, PATH + "/"])
@pytest.mark.parametrize("kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", None])
def test_slash_and_content_type_make_no_difference(web: Web, sender: Sender, path: str, kind: str | None):
    answer = web.post(BODY, path=path, headers=sender.headers(), content_type=kind)

    assert answer.status_code == 202 and "Set-Cookie" not in answer.headers


def test_of_several_signatures_one_is_enough(web: Web, sender: Sender):
    mine = sender.headers()["webhook-signature"]
    strange = f"v1,{base64.b64encode(b'x' * 32).decode()} v1a,{base64.b64encode(b'y' * 64).decode()} v2,{mine[3:]}"

    assert told(sender.post(put_signature=strange)) == (401, "signature_altered")
    assert sender.post(put_signature=f"{strange} {mine}").status_code == 202


# -- what proves nothing


def test_without_headers_it_is_401_and_recorded(web: Web):
    answer = web.post(BODY, path=PATH)

    [delivery] = web.rows("delivery")
    assert told(answer) == (401, "signature_missing")
    assert answer.json is not None and answer.json["delivery"] == delivery.id
    assert (delivery.verdict, delivery.code, delivery.body) == (Verdict.REFUSED, "signature_missing", BODY.decode())
    assert web.rows("signal") == [] and web.bell.signals == []


@pytest.mark.parametrize("missing", ["id", "timestamp", "signature"])
def test_each_of_the_headers_is_needed(sender: Sender, missing: str):
    answer = sender.post(**{f"put_{missing}": ""})

    assert told(answer) == (401, "signature_missing")
    assert f"webhook-{missing}" in answer.text


def test_who_signs_needs_no_certificate(web: Web, sender: Sender):
    web.parts = replace(web.parts, certificates=frozenset({"ab" * 20}))

    assert web.post(BODY, path=PATH, headers=sender.headers()).status_code == 202


@pytest.mark.parametrize("sent", [BODY + b" ", BODY.replace(b"buy", b"sell"), BODY[:-1], b"", b"\xff", b"[]"])
def test_another_body_than_was_signed_is_401_and_burns_nothing(web: Web, sender: Sender, sent: bytes):
    answer = sender.post(sent=sent)

    assert told(answer) == (401, "signature_altered")
    assert web.rows("signal") == [] and sender.post().status_code == 202


@pytest.mark.parametrize(("name", "value"), [
    ("id", "msg_2"), ("id", "msg.1"), ("id", "m" * 201), ("id", "msg 1"), ("id", "m\xe9"),
    ("timestamp", "1764042601"), ("timestamp", "now"), ("timestamp", "1e9"), ("timestamp", "-1"), ("timestamp", "nan"),
    ("timestamp", "9" * 30), ("timestamp", "\xb2"),
    ("signature", "v1"), ("signature", "v1,"), ("signature", "v1,@@@"), ("signature", ","), ("signature", "v1,\xe9"),
    ("signature", "v1," + "A" * 44), ("signature", "x" * 8000),
])  # fmt: skip
def test_altered_headers_are_401(web: Web, sender: Sender, name: str, value: str):
    answer = sender.post(**{f"put_{name}": value})

    assert told(answer) == (401, "signature_altered")
    assert len(web.rows("delivery")) == 1 and web.rows("signal") == []


@pytest.mark.parametrize("when", ["0{}", "{}.0", " {}", "+{}"])
def test_a_timestamp_has_one_spelling(web: Web, sender: Sender, when: str):
    text = when.format(sender.headers()["webhook-timestamp"])

    answer = sender.post(put_timestamp=text, put_signature=sender.signature(BODY, "msg_1", text))

    assert told(answer) == (401, "signature_altered")


def test_no_other_secret_signs_for_the_strategy(web: Web):
    saved(web, replace(STRATEGY, name="other"))
    others = [
        standard_webhook_secret(OTHER_KEYS, STRATEGY),
        standard_webhook_secret(KEYS, replace(STRATEGY, name="other")),
        standard_webhook_secret(KEYS, ROTATED),
        f"whsec_{base64.b64encode(hook_secret(KEYS, 'trend', 1).encode()).decode()}",
    ]

    answers = [told(Sender(web, secret).post()) for secret in others]

    assert answers == [(401, "signature_altered")] * 4


@pytest.mark.parametrize(("minutes", "seconds", "status"), [(-5, 0, 202), (-5, -1, 401), (5, 0, 202), (5, 1, 401)])
def test_a_message_lives_five_minutes_around_its_signing(
    web: Web, sender: Sender, minutes: int, seconds: int, status: int
):
    signed_at = web.clock.now() + timedelta(minutes=minutes, seconds=seconds)

    answer = web.post(BODY, path=PATH, headers=sender.headers(at=signed_at))

    assert answer.status_code == status
    assert status == 202 or told(answer) == (401, "signature_expired")


def test_a_fresh_signature_does_not_make_an_old_alert_fresh(web: Web, sender: Sender):
    yesterday, ahead = fields(fired_at="2026-11-24T03:50:00Z"), fields(fired_at="2026-11-25T04:00:00Z")

    assert told(sender.post(yesterday)) == (422, "fired_other_day")
    assert told(sender.post(ahead)) == (422, "fired_ahead")


# -- rotation


def test_the_old_secret_counts_until_its_overlap_ends(web: Web, sender: Sender):
    saved(web, ROTATED)
    new = Sender(web, standard_webhook_secret(KEYS, ROTATED))
    during = [sender.post(id="msg_1").status_code, new.post(id="msg_2").status_code]
    saved(web, replace(ROTATED, version=3, rotation_before=None))

    after = [told(sender.post(id="msg_3")), new.post(id="msg_4").status_code]

    assert during == [202, 202] and after == [(401, "signature_altered"), 202]
    assert [row.layers["signature"].split(",")[0] for row in web.rows("delivery")[:2]] == [
        "passed: secret of rotation 1",
        "passed: secret of rotation 2",
    ]


# -- once only


def test_the_same_id_again_is_200_also_when_signed_anew(web: Web, sender: Sender):
    first = sender.post()
    web.clock.advance(20)
    again = sender.post()

    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json is not None and again.json is not None
    assert (again.json["signal"], again.json["state"]) == (first.json["signal"], "DUPLICATE")
    assert [row.verdict for row in web.rows("delivery")] == [Verdict.ACCEPTED, Verdict.DUPLICATE]
    assert web.bell.signals == [1]


def test_the_same_content_under_another_id_is_another_signal(web: Web, sender: Sender):
    answers = [sender.post(id="msg_1").status_code, sender.post(id="msg_2").status_code]

    assert answers == [202, 202] and len(web.rows("signal")) == 2


def test_the_same_id_with_other_content_is_409(web: Web, sender: Sender):
    first = sender.post()

    other = sender.post(fields(action="sell"))

    assert told(other) == (409, "conflict")
    assert first.json is not None and other.json is not None and other.json["signal"] == first.json["signal"]
    assert [row.verdict for row in web.rows("delivery")] == [Verdict.ACCEPTED, Verdict.CONFLICT]
    assert len(web.rows("signal")) == 1


def test_an_id_in_the_body_is_the_messages_or_refused(web: Web, sender: Sender):
    another, same = sender.post(fields(id="mine")), sender.post(fields(id="msg_1"))

    assert told(another) == (422, "bad_field") and "webhook-id" in another.text
    assert same.status_code == 202


# -- what it may say


@pytest.mark.parametrize("token", ["xt1_abc.def", "", None, 5])
def test_a_token_beside_the_signature_is_refused(web: Web, sender: Sender, token: object):
    answer = sender.post(fields(token=token))

    assert told(answer) == (422, "token_beside")
    assert "xt1_abc" not in repr(web.rows("delivery"))


def test_a_genuine_alert_of_the_secret_address_proves_nothing_here(web: Web):
    assert told(web.post(web.message, path=PATH)) == (401, "signature_missing")


def test_a_signature_proves_nothing_at_the_secret_address(web: Web, sender: Sender):
    answer = web.post(BODY, headers=sender.headers())

    assert told(answer) == (401, "token_missing")


@pytest.mark.parametrize(("body", "status", "code"), [
    (b"not json", 400, "not_json"),
    (b"[]", 400, "not_json"),
    (changed(BODY, price="NaN"), 422, "bad_field"),
    (changed(BODY, price="{{close}}"), 422, "placeholder"),
    (changed(BODY, what="x"), 422, "bad_field"),
    (BODY + b" " * 65_536, 413, "too_large"),
])  # fmt: skip
def test_what_is_signed_is_read_as_strictly_as_any_alert(web: Web, sender: Sender, body: bytes, status: int, code: str):
    assert told(sender.post(body)) == (status, code)
    assert web.rows("signal") == []


# -- floods, and addresses that do not exist


@pytest.mark.parametrize("path", ["/hook/nobody", "/hook/tr%00nd", "/hook/%FF", "/hook/Trend"])
def test_an_unknown_strategy_is_404_without_detail_and_only_counted(web: Web, sender: Sender, path: str):
    answer = web.post(BODY, path=path, headers=sender.headers())

    assert (answer.status_code, answer.mimetype) == (404, PROBLEM)
    assert answer.json == {"type": "about:blank", "title": "Not Found", "status": 404}
    [flood] = web.parts.floods.take_all()
    assert web.rows("delivery") == [] and flood.sample == "an unknown address"


def test_unsigned_arrivals_over_the_limit_are_429_and_counted_while_signed_ones_pass(web: Web, sender: Sender):
    statuses = [web.post(b"x", path=PATH).status_code for _ in range(UNVERIFIED_A_MINUTE + 2)]

    assert statuses == [401] * UNVERIFIED_A_MINUTE + [429, 429]
    assert len(web.rows("delivery")) == UNVERIFIED_A_MINUTE
    assert sender.post().status_code == 202
    assert told(sender.post(fields(token="x"), id="msg_2")) == (422, "token_beside")


def test_a_replay_that_is_too_old_is_no_verified_arrival(web: Web, sender: Sender):
    old = sender.headers(at=web.clock.now() - timedelta(minutes=6))

    statuses = [web.post(BODY, path=PATH, headers=old).status_code for _ in range(UNVERIFIED_A_MINUTE + 1)]

    assert statuses[-2:] == [401, 429]


def test_strangers_fill_little_of_the_disk_and_take_nothing_from_the_secret_address(web: Web, sender: Sender):
    large = b"x" * 60_000

    statuses = [web.post(large, path=PATH).status_code for _ in range(5)]

    kept = sum(len(row.body) for row in web.rows("delivery"))
    assert statuses[-1] == 429 and kept <= ANYONES_BYTES
    assert web.post(b"x").status_code == 400
    assert sender.post().status_code == 202


def test_other_methods_are_405(web: Web):
    answers = [web.client().open(PATH, method=method) for method in ("GET", "HEAD", "PUT", "DELETE", "OPTIONS")]

    assert [(answer.status_code, answer.headers["Allow"]) for answer in answers] == [(405, "POST")] * 5
