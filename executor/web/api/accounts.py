"""Accounts: the broker logins, their limits, and what the broker last told of each."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from flask import g

from executor.config.account import rails_fields
from executor.domain.command import CommandKind
from executor.domain.instrument import Segment
from executor.domain.reading import QueryKind
from executor.domain.strategy import Account, AccountKind, Product
from executor.store.accounts import Accounts, Snapshot
from executor.web.api import ApiParts, fields
from executor.web.api.commands import CommandsMade, as_recorded
from executor.web.api.fields import Answer, Asked
from executor.web.api.problems import not_found, wrong_fields
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
    quantity = fields.asked_count("units", least=1, most=10**9, required=True)


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
        scope, by, at = f"account:{account}", f"api:{g.token.name}", web.clock.now()
        made = web.store.commands.record(CommandKind.CONVERT, scope=scope, arguments=body, by=by, why="", at=at)
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
