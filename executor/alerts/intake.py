"""Judge an arrival: what its bytes, the strategy's row and the clock decide. The rest is the desk's.

Pure: the same arrival gives the same verdict. Invariants: every arrival becomes a delivery, refused ones too; no
secret is in what is kept; a signal exists only behind a genuine token and inside its bounds, or behind a genuine
signature and inside what its strategy allows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import Any

from executor.alerts import parse, schema, signature, token
from executor.alerts.beyond import beyond
from executor.alerts.mask import masked
from executor.clock import in_ist
from executor.config.secrets import Keys
from executor.domain.calendar import trading_day
from executor.domain.delivery import Delivery, IssuedAlert, Verdict
from executor.domain.ids import DeliveryId, SignalId
from executor.domain.instrument import lane_ticker
from executor.domain.refusal import Refusal, RefusalCode
from executor.domain.signal import Action, LaneKey, Signal
from executor.domain.strategy import Strategy
from executor.store.types import canonical

#: How far the sender's clock may be ahead of ours.
AHEAD = timedelta(seconds=5)

_STATUS = {
    RefusalCode.NOT_JSON: HTTPStatus.BAD_REQUEST,
    RefusalCode.TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    RefusalCode.CERTIFICATE: HTTPStatus.FORBIDDEN,
    RefusalCode.TOKEN_MISSING: HTTPStatus.UNAUTHORIZED,
    RefusalCode.TOKEN_ALTERED: HTTPStatus.UNAUTHORIZED,
    RefusalCode.TOKEN_OTHER_STRATEGY: HTTPStatus.UNAUTHORIZED,
    RefusalCode.TOKEN_EXPIRED: HTTPStatus.UNAUTHORIZED,
    RefusalCode.TOKEN_REVOKED: HTTPStatus.UNAUTHORIZED,
    RefusalCode.SIGNATURE_MISSING: HTTPStatus.UNAUTHORIZED,
    RefusalCode.SIGNATURE_ALTERED: HTTPStatus.UNAUTHORIZED,
    RefusalCode.SIGNATURE_EXPIRED: HTTPStatus.UNAUTHORIZED,
}
_PASSED = "passed"
_NOT_IN_SIGNAL = ("v", "id")


@dataclass(frozen=True, slots=True)
class Arrival:
    """One POST at a known address. `body` is what arrived, at most one byte more than is read as an alert.

    `proof` is the rotation of the secret address it came to, or at the address without one the headers that sign it.
    `certified`: whether it came with a client certificate that is taken; None: none is asked for.
    """

    strategy: Strategy
    proof: int | signature.Headers
    source: str
    headers: Mapping[str, str]
    body: bytes
    received_at: datetime
    certified: bool | None = None


@dataclass(frozen=True, slots=True)
class Examined:
    """What the layers found: the canonical fields, or the first refusal."""

    found: Mapping[str, Any] | Refusal
    layers: Mapping[str, str]

    @property
    def refusal(self) -> Refusal | None:
        return self.found if isinstance(self.found, Refusal) else None

    @property
    def verified(self) -> bool:
        """Whether the token or the signature was genuine, whatever came of the rest."""
        return any(self.layers.get(proof, "").startswith(_PASSED) for proof in ("token", "signature"))


@dataclass(frozen=True, slots=True)
class _Proved:
    """A body that somebody is known to have sent, without its token, and what it is held against."""

    body: dict[str, Any]
    refuses: Callable[[Mapping[str, Any]], Refusal | None]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to record and, unless the store finds a duplicate, what to answer."""

    delivery: Delivery
    signal: Signal | None
    status: HTTPStatus


def examine(arrival: Arrival, *, keys: Keys, issued: Callable[[str], IssuedAlert | None]) -> Examined:
    """Hold an arrival against each layer; `issued` looks an alert up by its id. Cheap beside `judge`, which masks."""
    layers: dict[str, str] = {}
    if isinstance(arrival.proof, signature.Headers):
        proved = _signed(arrival, arrival.proof, keys, layers)
    else:
        layers["address"] = f"{_PASSED}: rotation {arrival.proof}"
        proved = _with_token(arrival, keys, issued, layers)
    return Examined(proved if isinstance(proved, Refusal) else _fields(arrival, proved, layers), layers)


def judge(arrival: Arrival, examined: Examined, *, new_id: Callable[[], str]) -> Judgement:
    """Make of an arrival what is recorded of it."""
    found, refusal = examined.found, examined.refusal
    delivery_id = DeliveryId(new_id())
    signal = None if isinstance(found, Refusal) else _signal(arrival, found, delivery_id, SignalId(new_id()))
    delivery = Delivery(
        id=delivery_id,
        strategy=arrival.strategy.name,
        source=arrival.source,
        headers={name: masked(value.encode()) for name, value in arrival.headers.items()},
        sha256=hashlib.sha256(arrival.body).hexdigest(),
        body=masked(arrival.body),
        layers=examined.layers,
        verdict=Verdict.ACCEPTED if refusal is None else Verdict.REFUSED,
        received_at=arrival.received_at,
        code=refusal.code if refusal else None,
        detail=masked(refusal.detail.encode()) if refusal else "",
    )
    return Judgement(delivery, signal, _status(refusal))


def _with_token(
    arrival: Arrival, keys: Keys, issued: Callable[[str], IssuedAlert | None], layers: dict[str, str]
) -> _Proved | Refusal:
    """What came to the secret address: its token is in the body, and bounds it."""
    if arrival.certified is False:
        return _failed(layers, "certificate", Refusal(RefusalCode.CERTIFICATE))
    if arrival.certified:
        layers["certificate"] = _PASSED
    body = parse.read(arrival.body)
    if isinstance(body, Refusal):
        return _failed(layers, "json", body)
    claims = _claims(body.pop("token", None), arrival, keys, issued)
    if isinstance(claims, Refusal):
        return _failed(layers, "token", claims)
    layers["token"] = f"{_PASSED}: alert {claims.alert_id}, strategy version {claims.version}"
    return _Proved(body, claims.grant.refuses)


def _signed(arrival: Arrival, headers: signature.Headers, keys: Keys, layers: dict[str, str]) -> _Proved | Refusal:
    """What came to the address without a secret: its headers prove it, and its strategy bounds it."""
    layers["address"] = f"{_PASSED}: it holds no secret"
    if len(arrival.body) > parse.MAX_BYTES:
        return _failed(layers, "json", parse.too_large())
    found = signature.verify(keys, arrival.strategy, headers, arrival.body, now=arrival.received_at)
    if isinstance(found, Refusal):
        return _failed(layers, "signature", found)
    age = (arrival.received_at - found.at).total_seconds()
    layers["signature"] = (
        f"{_PASSED}: secret of rotation {found.rotation}, message {found.id}, signed {age:.0f} s before"
    )
    body = parse.read(arrival.body)
    if isinstance(body, Refusal):
        return _failed(layers, "json", body)
    if "token" in body:
        return _failed(layers, "token", Refusal(RefusalCode.TOKEN_BESIDE))
    if body.setdefault("id", found.id) != found.id:
        detail = f"id is another than webhook-id, which is {found.id[:40]}; leave id out"
        return _failed(layers, "schema", Refusal(RefusalCode.BAD_FIELD, detail))
    return _Proved(body, partial(beyond, arrival.strategy))


def _fields(arrival: Arrival, proved: _Proved, layers: dict[str, str]) -> dict[str, Any] | Refusal:
    """The canonical fields of a proved arrival that passes the other layers; each finding is noted as it is made."""
    fields = parse.texts_refused(proved.body) or schema.understand(proved.body)
    if isinstance(fields, Refusal):
        return _failed(layers, "schema", fields)
    layers["schema"] = f"{_PASSED}: version 1"
    if refusal := proved.refuses(fields):
        return _failed(layers, "bounds", refusal)
    layers["bounds"] = _PASSED
    fired_at = datetime.fromisoformat(fields["fired_at"])
    if refusal := _not_now(fired_at, arrival.received_at):
        return _failed(layers, "freshness", refusal)
    layers["freshness"] = f"{_PASSED}: fired {(arrival.received_at - fired_at).total_seconds():.1f} s before"
    return fields


def _claims(
    given: object, arrival: Arrival, keys: Keys, issued: Callable[[str], IssuedAlert | None]
) -> token.Claims | Refusal:
    claims = token.verify(keys, given, strategy=arrival.strategy.name, now=arrival.received_at)
    if isinstance(claims, Refusal):
        return claims
    alert = issued(claims.alert_id)
    if alert is None:
        return Refusal(RefusalCode.TOKEN_ALTERED, f"alert {claims.alert_id} is not in this database")
    if alert.revoked_at is not None:
        return Refusal(RefusalCode.TOKEN_REVOKED, f"alert {claims.alert_id}, {in_ist(alert.revoked_at)}")
    return claims


def _not_now(fired_at: datetime, now: datetime) -> Refusal | None:
    """Refuse what can never be executed; how old an alert of today may be is judged where exits are known."""
    if fired_at > now + AHEAD:
        return Refusal(RefusalCode.FIRED_AHEAD, f"fired {in_ist(fired_at)}, received {in_ist(now)}")
    if trading_day(fired_at) != trading_day(now):
        return Refusal(RefusalCode.FIRED_OTHER_DAY, f"fired {in_ist(fired_at)}, received {in_ist(now)}")
    return None


def _signal(arrival: Arrival, found: Mapping[str, Any], delivery: DeliveryId, signal: SignalId) -> Signal:
    fields = {name: value for name, value in found.items() if name not in _NOT_IN_SIGNAL}
    strategy = arrival.strategy
    ticker = lane_ticker(fields["exchange"], fields["ticker"])
    return Signal(
        id=signal,
        delivery=delivery,
        strategy=strategy.name,
        strategy_version=strategy.version,
        account=strategy.account,
        lane=LaneKey(strategy.account, strategy.name, ticker, fields.get("trade", "")).text,
        key=f"id:{found['id']}" if "id" in found else f"sha:{hashlib.sha256(canonical(fields).encode()).hexdigest()}",
        action=Action(fields["action"]),
        fields=fields,
        fired_at=datetime.fromisoformat(fields["fired_at"]),
        received_at=arrival.received_at,
    )


def _failed(layers: dict[str, str], layer: str, refusal: Refusal) -> Refusal:
    layers[layer] = f"failed: {refusal.code}"
    return refusal


def _status(refusal: Refusal | None) -> HTTPStatus:
    return HTTPStatus.ACCEPTED if refusal is None else _STATUS.get(refusal.code, HTTPStatus.UNPROCESSABLE_ENTITY)
