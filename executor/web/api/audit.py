"""The audit: its head, and its entries page by page."""

from __future__ import annotations

from typing import Any

from executor.store.chain import Head
from executor.web.api import ApiParts, fields
from executor.web.api.fields import MOST, Answer, Asked
from executor.web.api.routes import Routes

_LARGEST = 2**62


class HeadShown(Answer):
    seq = fields.count("the newest entry's number")
    hash = fields.text("its SHA-256, which holds those of all before it")


class Entry(Answer):
    """An entry as it is stored: `hash` is of `prev`, seq, at, kind, subject and text (docs/security.md)."""

    seq = fields.count("its number, without gaps")
    at = fields.count("when, in microseconds since 1970 UTC")
    kind = fields.text("what was done")
    subject = fields.text("to what, mostly an id")
    text = fields.text("canonical JSON: words, rows introduced and their hashes, values changed")
    prev = fields.text("the hash of the entry before")
    hash = fields.text("its own")


class Entries(Answer):
    items = fields.many(Entry, "the oldest first")
    next = fields.count("`after` of the next page; null where there is none", allow_none=True)


class EntryQuery(Asked):
    after = fields.asked_count("only entries with a greater number", least=0, most=_LARGEST, load_default=0)
    limit = fields.asked_limit(MOST)


def audit(parts: ApiParts) -> Routes:
    routes, pages = Routes("audit", "The hash-chained record of everything."), parts.web.store.pages

    @routes.shows("/audit/head", HeadShown)
    def show_head() -> Head:
        """The newest link: kept elsewhere, it proves that nothing before it was changed."""
        return pages.head()

    @routes.shows("/audit/entries", Entries, query=EntryQuery)
    def list_entries(*, query: dict[str, int]) -> dict[str, Any]:
        """Entries in order; `executor audit export` prints them all."""
        limit = query["limit"]
        found = list(pages.audit_entries(after=query["after"], most=limit + 1))
        return {"items": found[:limit], "next": found[limit - 1]["seq"] if len(found) > limit else None}

    return routes
