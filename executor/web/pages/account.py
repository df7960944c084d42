"""Each account as its broker last told it, beside what our strategies hold in it; what differs is somebody else's."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from http import HTTPStatus
from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from executor.clock import Clock
from executor.config.account import rails_fields
from executor.config.secrets import Keys, seal
from executor.domain.command import Command, CommandKind, CommandState
from executor.domain.order import Side
from executor.domain.reading import QueryKind
from executor.domain.record import Halt
from executor.domain.strategy import Account, Product
from executor.doorbell import Doorbell
from executor.errors import ConfigError
from executor.store.accounts import Accounts, LoginCall, Snapshot
from executor.store.positions import OpenPosition
from executor.store.store import Store
from executor.web.login import PERSON
from executor.web.pages.command import AWAITED
from executor.web.pages.frame import SILENT, Frame

#: For how long a profile is looked back for: it is read at each opening of a session.
_PROFILE = timedelta(days=7)
#: For how long what came of a person's wish is shown.
_LATELY = timedelta(minutes=5)
_CODE = re.compile(r"[0-9]{6}")
#: What each limit holds, with its unit.
LIMITS = {
    "max_order_quantity": "units of one entry",
    "max_notional": "rupees of all positions",
    "max_open": "positions at a time",
    "max_trades": "entries a day",
    "max_daily_loss": "rupees lost in a day",
}
FUNDS = {
    "available": "left to trade with",
    "cash": "cash",
    "collateral": "collateral",
    "used": "used",
}


@dataclass(frozen=True, slots=True)
class Holding:
    """Units of one contract and product, sold ones negative: what the broker shows, what our strategies hold."""

    instrument: str
    symbol: str
    product: str
    broker: int
    ours: int

    @property
    def foreign(self) -> int:
        """Units at the broker that no strategy of ours holds; the other way round, units that are missing there."""
        return self.broker - self.ours

    @property
    def is_missing(self) -> bool:
        """Whether the broker shows less than we hold."""
        return self.foreign * self.ours < 0

    @property
    def may_convert(self) -> bool:
        """A conversion is refused where a strategy holds the contract: its stop would be of the old product."""
        return self.broker != 0 and self.ours == 0


@dataclass(frozen=True, slots=True)
class Told:
    """One account: what the broker told last, None where it has not; `profile` in the broker's words.

    `refresh` and `login` are what a person asked for of late; `is_open`: whether its trader says that the session is.
    """

    account: Account
    funds: Snapshot | None
    positions: Snapshot | None
    holdings: Snapshot | None
    profile: LoginCall | None
    held: Sequence[Holding]
    limits: Mapping[str, Any]
    halts: Sequence[Halt]
    rehearsed: Any
    refresh: Command | None
    login: Command | None
    is_open: bool


def add_account(blueprint: Blueprint, store: Store, frame: Frame, clock: Clock, doorbell: Doorbell, keys: Keys) -> None:
    accounts = Accounts(store.database)

    @blueprint.get("/account")
    def account() -> str:
        found = _told(store, accounts, clock.now())
        asked = [command for one in found for command in (one.refresh, one.login) if command is not None]
        waiting = any(one.state is CommandState.NEW and clock.now() - one.made_at < AWAITED for one in asked)
        shown = {"told": found, "waiting": waiting, "limits": LIMITS, "funds": FUNDS, "products": list(Product)}
        return frame.render("account.html", **shown, money=money, said=said)

    @blueprint.post("/account/refresh")
    def refresh() -> Response | tuple[str, int]:
        """Have the trader read funds, holdings and positions anew; the page looks again until that is answered."""
        return ordered(lambda: _ask_refresh(store, clock.now()), "pages.account")

    @blueprint.post("/account/login")
    def give_code() -> Response | tuple[str, int]:
        """Give a TOTP code to an account whose session waits for one; it is used at once, or not at all."""
        return ordered(lambda: _give_code(store, keys, clock.now()), "pages.account")

    @blueprint.post("/account/convert")
    def convert() -> Response | tuple[str, int]:
        """Have the trader convert a position that is not of ours; followed on the page of commands."""
        return ordered(lambda: _record(store, clock.now()), "pages.commands")

    def ordered(record: Callable[[], object], followed_at: str) -> Response | tuple[str, int]:
        try:
            record()
        except (ValueError, ConfigError) as error:
            page = frame.render("message.html", title="This cannot be done", text=str(error))
            return page, HTTPStatus.BAD_REQUEST
        doorbell.ring()
        return redirect(url_for(followed_at), HTTPStatus.SEE_OTHER)


def money(text: str) -> Decimal:
    """Rupees as they are kept."""
    return Decimal(text)


def said(profile: LoginCall) -> list[tuple[str, str]]:
    """What the broker tells of the login's owner, its words and ours unmixed; nothing of what is empty."""
    try:
        data = json.loads(profile.answer)["data"]
        pairs = list(data.items())
    except (ValueError, LookupError, TypeError, AttributeError):
        return []
    return [(name, _plain(value)) for name, value in pairs if value not in (None, "", [])]


def held_at(told: Snapshot | None, owned: Snapshot | None, ours: Sequence[OpenPosition]) -> list[Holding]:
    """Positions and holdings by contract and product; shares bought for delivery are in one or the other."""
    broker: dict[tuple[str, str], int] = defaultdict(int)
    held: dict[tuple[str, str], int] = defaultdict(int)
    names: dict[str, str] = {}
    for row in (*(told.body["positions"] if told else ()), *_delivered(owned)):
        names[row["instrument"]] = row["symbol"]
        broker[row["instrument"], row["product"]] += row["quantity"]
    for one in ours:
        bracket = one.bracket
        names[bracket.instrument.text] = bracket.symbol
        way = 1 if bracket.side is Side.BUY else -1
        held[bracket.instrument.text, bracket.product] += way * one.holding.held
    rows = [
        Holding(key, names[key], product, broker[key, product], held[key, product])
        for key, product in broker.keys() | held.keys()
        if broker[key, product] or held[key, product]
    ]
    return sorted(rows, key=lambda row: (row.foreign == 0, row.symbol, row.product))


def _told(store: Store, accounts: Accounts, now: datetime) -> list[Told]:
    known = {
        kind: {one.account: one for one in accounts.snapshots(kind)}
        for kind in (QueryKind.FUNDS, QueryKind.POSITIONS, QueryKind.HOLDINGS)
    }
    ours, standing = store.pages.positions(), store.pages.standing()
    is_open = {
        one.name: bool(beat and beat.holder and beat.age(now) < SILENT and beat.status.get("session"))
        for one, beat in standing.accounts
    }
    found = []
    for one in store.people.accounts():
        positions, holdings = known[QueryKind.POSITIONS].get(one.name), known[QueryKind.HOLDINGS].get(one.name)
        own = [position for position in ours if position.bracket.account == one.name]
        found.append(
            Told(
                account=one,
                funds=known[QueryKind.FUNDS].get(one.name),
                positions=positions,
                holdings=holdings,
                profile=accounts.profile(one.name, since=now - _PROFILE),
                held=held_at(positions, holdings, own) if positions else (),
                limits=rails_fields(one.rails),
                halts=[halt for halt in standing.halts if halt.scope in ("ALL", f"account:{one.name}")],
                rehearsed=accounts.rehearsed(one.name),
                refresh=_of_late(store.commands.newest(CommandKind.REFRESH, one.name), now),
                login=_of_late(store.commands.newest(CommandKind.LOGIN, one.name), now),
                is_open=is_open.get(one.name, False),
            )
        )
    return found


def _delivered(owned: Snapshot | None) -> list[dict[str, Any]]:
    return [{**row, "product": Product.DELIVERY} for row in (owned.body["holdings"] if owned else ())]


def _plain(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _of_late(command: Command | None, now: datetime) -> Command | None:
    return command if command is not None and now - command.made_at < _LATELY else None


def _ask_refresh(store: Store, at: datetime) -> None:
    """Raises ConfigError for an account that is none, NotRecorded."""
    scope = f"account:{request.form.get('account', '')}"
    store.commands.record(CommandKind.REFRESH, scope=scope, arguments={}, by=PERSON, why="", at=at)


def _give_code(store: Store, keys: Keys, at: datetime) -> None:
    """Raises ValueError, ConfigError for an account that is none, NotRecorded. The code is kept sealed."""
    code = request.form.get("totp", "").strip()
    if not _CODE.fullmatch(code):
        raise ValueError("totp: expected the six digits that the authenticator app shows now; nothing was done")
    scope, arguments = f"account:{request.form.get('account', '')}", {"totp": seal(keys, code)}
    store.commands.record(CommandKind.LOGIN, scope=scope, arguments=arguments, by=PERSON, why="a code was given", at=at)


def _record(store: Store, at: datetime) -> None:
    """Record what the form asks for. Raises ValueError, ConfigError, NotRecorded."""
    form = request.form
    account, quantity = form.get("account", ""), form.get("quantity", "").strip()
    if not (quantity.isascii() and quantity.isdigit() and 0 < int(quantity) < 10**9):
        raise ValueError(f"quantity: expected units such as 10, was {quantity!r}")
    old, new = Product(form.get("old", "")), Product(form.get("new", ""))
    if old is new:
        raise ValueError(f"product: it is {old} already; choose another one")
    arguments = {
        "segment": form.get("segment", ""),
        "symbol": form.get("symbol", ""),
        "old": old,
        "new": new,
        "quantity": int(quantity),
    }
    store.commands.record(
        CommandKind.CONVERT, scope=f"account:{account}", arguments=arguments, by=PERSON, why="", at=at
    )
