"""Accounts: the broker logins, their limits, and what the broker last told of each."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import g

from executor.config.account import rails_fields
from executor.config.secrets import seal
from executor.domain.command import CommandKind
from executor.domain.instrument import Segment
from executor.domain.reading import QueryKind
from executor.domain.strategy import Account, AccountKind, Product
from executor.errors import StoreError
from executor.store.accounts import Accounts, Snapshot
from executor.web.api import ApiParts, fields
from executor.web.api.commands import CommandsMade, as_recorded
from executor.web.api.fields import Answer, Asked
from executor.web.api.problems import Failed, not_found, wrong_fields
from executor.web.api.routes import Routes
from executor.web.pages.account import held_at


class Limits(Answer):
    max_order_quantity = fields.count("units of one entry", allow_none=True)
    max_notional = fields.money("rupees of all positions together", allow_none=True)
    max_open = fields.count("positions at a time", allow_none=True)
    max_trades = fields.count("entries a day", allow_none=True)
    max_daily_loss = fields.money("rupees lost in a day, then flat and halted", allow_none=True)


class AccountShown(Answer):
    name = fields.text("its name")
    kind = fields.word(AccountKind, "LIVE is real money")
    limits = fields.one(Limits, "over all its strategies; null is no limit")


class AccountsShown(Answer):
    items = fields.many(AccountShown, "by name")


class SnapshotShown(Answer):
    account = fields.text("of which account")
    at = fields.moment("when the broker was asked")
    body = fields.anything("what it told, in our words; rupees as text, quantities in units")


class SnapshotsShown(Answer):
    items = fields.many(SnapshotShown, "by account")


class HeldShown(Answer):
    """Units of one contract and product, sold ones negative."""

    instrument = fields.text("segment:token")
    symbol = fields.text("the contract, as the broker names it")
    product = fields.word(Product, "its product")
    broker = fields.count("units that the broker shows")
    ours = fields.count("units that our strategies hold")
    foreign = fields.count("units that are somebody else's")
    is_missing = fields.flag("whether the broker shows less than we hold")


class PositionsAtBroker(Answer):
    at = fields.moment("when the broker was asked; null: it never was", allow_none=True)
    items = fields.many(HeldShown, "by contract and product, what differs first")


class ConversionAsked(Asked):
    """A position of the account's, not of a strategy's, that is to go on under another product."""

    segment = fields.asked_word(Segment, "where it is traded", required=True)
    symbol = fields.asked("the contract, as the broker names it", required=True)
    old = fields.asked_word(Product, "its product", required=True)
    new = fields.asked_word(Product, "the one that it is to have", required=True)
    quantity = fields.asked_count("units", least=1, most=10**9, required=True, strict=True)


class UnhaltAsked(Asked):
    """A live account's first step to real money: it takes limits and a rehearsal that passed."""

    confirm = fields.asked("the account's name once more: from then on alerts trade", required=True)
    why = fields.asked("your reason; it stands in the audit", longest=200, least=1, required=True)


class Unhalted(Answer):
    account = fields.text("its name")
    ended = fields.flag("whether it was in its first halt; false: nothing was done")
    halts = fields.texts("why it, or everything, is halted still; the command resume ends those")


class CodeAsked(Asked):
    totp = fields.asked_digits("the six digits that the authenticator app shows now", count=6)


class SnapshotQuery(Asked):
    account = fields.asked("only this account's")


def accounts(parts: ApiParts) -> Routes:
    routes, people = Routes("accounts", "Broker logins, live or paper."), parts.web.store.people
    told = Accounts(parts.web.store.database)

    @routes.shows("/accounts", AccountsShown)
    def list_accounts() -> dict[str, Any]:
        """All accounts with their limits."""
        return {"items": [_account(each) for each in people.accounts()]}

    @routes.shows("/accounts/<account>", AccountShown, missing=True)
    def show_account(account: str) -> dict[str, Any]:
        """One account with its limits."""
        return _account(_known(parts, account))

    @routes.shows("/funds", SnapshotsShown, query=SnapshotQuery)
    def list_funds(*, query: dict[str, str]) -> dict[str, Any]:
        """Each account's money as the broker counts it; its trader asks every 5 minutes."""
        return _snapshots(told.snapshots(QueryKind.FUNDS), query)

    @routes.shows("/holdings", SnapshotsShown, query=SnapshotQuery)
    def list_holdings(*, query: dict[str, str]) -> dict[str, Any]:
        """The shares that each account owns since before today, whoever bought them."""
        return _snapshots(told.snapshots(QueryKind.HOLDINGS), query)

    _add_positions(routes, parts)
    _add_session(routes, parts)
    return routes


def _add_positions(routes: Routes, parts: ApiParts) -> None:
    web, told = parts.web, Accounts(parts.web.store.database)

    @routes.shows("/accounts/<account>/positions", PositionsAtBroker, missing=True)
    def list_positions_at_broker(account: str) -> dict[str, Any]:
        """What the broker shows in an account beside what our strategies hold in it."""
        _known(parts, account)
        [positions, holdings] = [
            next((one for one in told.snapshots(kind) if one.account == account), None)
            for kind in (QueryKind.POSITIONS, QueryKind.HOLDINGS)
        ]
        ours = [one for one in web.store.pages.positions() if one.bracket.account == account]
        items = held_at(positions, holdings, ours) if positions else []
        return {"at": positions and positions.at, "items": items}

    @routes.does("/accounts/<account>/convert", CommandsMade, body=ConversionAsked, status=HTTPStatus.ACCEPTED)
    def convert_position(account: str, *, body: dict[str, Any]) -> dict[str, Any]:
        """Have the trader convert a position that is not a strategy's; its answer is looked for under the id."""
        _known(parts, account)
        if body["old"] == body["new"]:
            raise wrong_fields({"new": [f"it is {body['old']} already; choose another product"]})
        return _given(parts, CommandKind.CONVERT, account, body)


def _add_session(routes: Routes, parts: ApiParts) -> None:
    web, kept = parts.web, Accounts(parts.web.store.database)

    @routes.does("/accounts/<account>/refresh", CommandsMade, status=HTTPStatus.ACCEPTED)
    def refresh(account: str) -> dict[str, Any]:
        """Have the trader read funds, holdings and positions anew; its answer is looked for under the id."""
        return _given(parts, CommandKind.REFRESH, _known(parts, account).name, {})

    @routes.does("/accounts/<account>/login", CommandsMade, body=CodeAsked, status=HTTPStatus.ACCEPTED)
    def log_in(account: str, *, body: dict[str, str]) -> dict[str, Any]:
        """Give a TOTP code to an account whose session waits for one; it is used at once, or not at all."""
        code = {"totp": seal(web.keys, body["totp"])}
        return _given(parts, CommandKind.LOGIN, _known(parts, account).name, code, why="a code was given")

    @routes.does("/accounts/<account>/unhalt", Unhalted, body=UnhaltAsked)
    def unhalt(account: str, *, body: dict[str, str]) -> dict[str, Any]:
        """End the halt with which a live account begins: from then on its alerts are traded with real money."""
        found = _known(parts, account)
        if body["confirm"] != found.name:
            raise wrong_fields({"confirm": [f"expected {found.name}; nothing was done"]})
        ended = kept.unhalt(found, by=f"api:{g.token.name}", at=web.clock.now(), why=body["why"])
        return {"account": found.name, "ended": ended, "halts": _halts_left(parts, found.name, ended=ended)}


def _halts_left(parts: ApiParts, account: str, *, ended: bool) -> list[str]:
    """Raises Failed: that a halt was ended stands, whether or not the rest can be read."""
    try:
        standing = parts.web.store.pages.standing()
    except StoreError:
        detail = f"Recorded (ended: {ended}), but the database does not answer any more."
        raise Failed(HTTPStatus.SERVICE_UNAVAILABLE, code="recorded", detail=detail) from None
    return [halt.why for halt in standing.halts if halt.scope in ("ALL", f"account:{account}")]


def _given(
    parts: ApiParts, kind: CommandKind, account: str, arguments: dict[str, Any], *, why: str = ""
) -> dict[str, Any]:
    """Record what the account's trader is to do, and ring."""
    web, by = parts.web, f"api:{g.token.name}"
    at, scope = web.clock.now(), f"account:{account}"
    made = web.store.commands.record(kind, scope=scope, arguments=arguments, by=by, why=why, at=at)
    web.doorbell.ring()
    return {"items": as_recorded(web, made)}


def _known(parts: ApiParts, name: str) -> Account:
    """Raises Failed."""
    found = parts.web.store.people.account(name)
    if found is None:
        raise not_found(f"account {name!r}")
    return found


def _account(found: Account) -> dict[str, Any]:
    return {"name": found.name, "kind": found.kind, "limits": rails_fields(found.rails)}


def _snapshots(found: list[Snapshot], query: dict[str, str]) -> dict[str, Any]:
    return {"items": [each for each in found if query.get("account") in (None, each.account)]}
