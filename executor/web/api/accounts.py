"""Accounts: the broker logins, their limits, and what the broker last told of each."""

from __future__ import annotations

from typing import Any

from executor.config.account import rails_fields
from executor.domain.reading import QueryKind
from executor.domain.strategy import Account, AccountKind
from executor.store.accounts import Accounts, Snapshot
from executor.web.api import ApiParts, fields
from executor.web.api.fields import Answer, Asked
from executor.web.api.problems import not_found
from executor.web.api.routes import Routes


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
        found = people.account(account)
        if found is None:
            raise not_found(f"account {account!r}")
        return _account(found)

    @routes.shows("/funds", SnapshotsShown, query=SnapshotQuery)
    def list_funds(*, query: dict[str, str]) -> dict[str, Any]:
        """Each account's money as the broker counts it; its trader asks every 5 minutes."""
        return _snapshots(told.snapshots(QueryKind.FUNDS), query)

    @routes.shows("/holdings", SnapshotsShown, query=SnapshotQuery)
    def list_holdings(*, query: dict[str, str]) -> dict[str, Any]:
        """The shares that each account owns since before today, whoever bought them."""
        return _snapshots(told.snapshots(QueryKind.HOLDINGS), query)

    return routes


def _account(found: Account) -> dict[str, Any]:
    return {"name": found.name, "kind": found.kind, "limits": rails_fields(found.rails)}


def _snapshots(found: list[Snapshot], query: dict[str, str]) -> dict[str, Any]:
    return {"items": [each for each in found if query.get("account") in (None, each.account)]}
