"""What a token allows: every path of a body is either fixed to a value or bounded by a rule.

Values are compared in canonical form (alerts/schema), so numbers are equal as Decimal and words as text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

from executor.alerts.parse import leaves
from executor.domain.refusal import Refusal, RefusalCode


@dataclass(frozen=True, slots=True)
class Rule:
    """What a bounded path may hold: one of some words, a number of a range, or anything the schema lets through."""

    words: tuple[str, ...] | None = None
    least: Decimal | None = None
    most: Decimal | None = None
    optional: bool = False

    def allows(self, value: str) -> bool:
        if self.words is not None and value not in self.words:
            return False
        if self.least is None and self.most is None:
            return True
        number = Decimal(value)
        return (self.least is None or number >= self.least) and (self.most is None or number <= self.most)


@dataclass(frozen=True, slots=True)
class Grant:
    """The part of a token's claims that a body is held against. No path is in both."""

    fixed: Mapping[str, str]
    bounds: Mapping[str, Rule]

    def refuses(self, fields: Mapping[str, Any]) -> Refusal | None:
        """Hold canonical fields (with v and id, without token) against the grant."""
        found = dict(leaves(fields))
        for path, value in self.fixed.items():
            if found.get(path) != value:
                was = "is missing" if path not in found else f"is {found[path]!a}"
                return Refusal(RefusalCode.FIXED_CHANGED, f"{path} {was}, the token fixes it to {value!a}")
        for path, rule in self.bounds.items():
            if path not in found and not rule.optional:
                return Refusal(RefusalCode.OUTSIDE_BOUNDS, f"{path} is missing")
        for path, value in found.items():
            if path not in self.fixed and (refusal := self._outside(path, value)):
                return refusal
        return None

    def _outside(self, path: str, value: str) -> Refusal | None:
        rule = self.bounds.get(path)
        if rule is None:
            return Refusal(RefusalCode.OUTSIDE_BOUNDS, f"{path} is not a field that the token knows")
        if not rule.allows(value):
            return Refusal(RefusalCode.OUTSIDE_BOUNDS, f"{path} is {value!a}; the token allows {_said(rule)}")
        return None


def rule_claim(rule: Rule) -> dict[str, Any]:
    """A rule as it stands in the claims."""
    claim: dict[str, Any] = {}
    if rule.words is not None:
        claim["in"] = list(rule.words)
    if rule.least is not None:
        claim["least"] = str(rule.least)
    if rule.most is not None:
        claim["most"] = str(rule.most)
    return claim | ({"optional": True} if rule.optional else {})


def read_rule(claim: Mapping[str, Any]) -> Rule:
    """Read a rule of the claims. Raises ValueError for one that this version does not know: it must not be wider."""
    if not set(claim) <= {"in", "least", "most", "optional"}:
        raise ValueError(f"unknown rule {sorted(claim)}")
    try:
        return Rule(
            words=tuple(claim["in"]) if "in" in claim else None,
            least=Decimal(claim["least"]) if "least" in claim else None,
            most=Decimal(claim["most"]) if "most" in claim else None,
            optional=claim.get("optional", False),
        )
    except (InvalidOperation, TypeError) as error:
        raise ValueError(f"malformed rule: {error}") from error


def _said(rule: Rule) -> str:
    if rule.words is not None:
        return ", ".join(rule.words)
    least = "" if rule.least is None else f"from {rule.least} "
    return f"{least}up to {rule.most}" if rule.most is not None else least.strip()
