"""How things stand: accounts and their traders, halts, warnings; what the frame of every page shows."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from executor.domain.record import Halt, HaltKind
from executor.domain.strategy import Account, AccountKind
from executor.findings import findings
from executor.store.health import SILENT, counted
from executor.store.pages import Beat, Standing
from executor.web.api import ApiParts, fields
from executor.web.api.fields import Answer
from executor.web.api.routes import Routes


class Trader(Answer):
    account = fields.text("whose trader it is")
    kind = fields.word(AccountKind, "LIVE is real money")
    alive = fields.flag("whether a trader has beaten in the last seconds")
    beat_at = fields.moment("when it last did; null: no trader ever took the account", allow_none=True)
    told = fields.anything("what it told of itself: session, feeds, disk; lengths in seconds, sizes in bytes")


class HaltShown(Answer):
    scope = fields.text("ALL, account:NAME, strategy:NAME or lane:TEXT")
    kind = fields.word(HaltKind, "HALT: no entries. KILL: no orders. LOSS: the day's loss limit")
    since = fields.moment("since when it is in force")
    why = fields.text("the reason given")
    by = fields.text("who or what said so")
    resumable = fields.flag("whether the command resume ends it")


class Halts(Answer):
    items = fields.many(HaltShown, "those in force")


class FindingShown(Answer):
    name = fields.text("what was looked at")
    ok = fields.flag("whether it is as it should be")
    said = fields.text("how it is; where it is not ok what is wrong, and what to do")


class StatusShown(Answer):
    ready = fields.flag("whether every account that should be traded can be, as /readyz says")
    at = fields.moment("now, by the product's clock")
    accounts = fields.many(Trader, "by name")
    halts = fields.many(HaltShown, "those in force")
    findings = fields.many(FindingShown, "what `executor doctor` tells too: what waits, runs short or does not work")


def status(parts: ApiParts) -> Routes:
    routes, store, clock = Routes("status", "How things stand."), parts.web.store, parts.web.clock

    @routes.shows("/status", StatusShown)
    def show_status() -> dict[str, Any]:
        """Accounts with their traders, halts in force, and what a person should see to."""
        now, standing, expected = clock.now(), store.pages.standing(), parts.web.expected()
        return {
            "ready": counted(standing, now, expected).is_ready,
            "at": now,
            "accounts": [_trader(account, beat, now) for account, beat in standing.accounts],
            "halts": _halts(standing),
            "findings": findings(store, parts.calendar, now=now, expected=expected),
        }

    @routes.shows("/halts", Halts)
    def list_halts() -> dict[str, Any]:
        """What is halted or killed, and by whom."""
        return {"items": _halts(store.pages.standing())}

    return routes


def _trader(account: Account, beat: Beat | None, now: datetime) -> dict[str, Any]:
    alive = beat is not None and bool(beat.holder) and beat.age(now) < SILENT
    told = {"beat_at": beat.at if beat else None, "told": beat.status if beat else {}}
    return {"account": account.name, "kind": account.kind, "alive": alive, **told}


def _halts(standing: Standing) -> list[dict[str, Any]]:
    """Those with a row, and those that traders alone know of, such as the file KILL."""
    found = [_halt(halt, resumable=standing.may_resume(halt)) for halt in standing.halts]
    beats = [beat for _, beat in standing.accounts if beat]
    told = [halt for one in beats for halt in one.status.get("halts", ())]
    return [*found, *({**halt, "since": datetime.fromisoformat(halt["since"]), "resumable": False} for halt in told)]


def _halt(halt: Halt, *, resumable: bool) -> dict[str, Any]:
    return {name: getattr(halt, name) for name in ("scope", "kind", "since", "why", "by")} | {"resumable": resumable}
