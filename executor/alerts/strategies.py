"""Strategies as people keep them: made, changed, switched, their secret addresses and the alerts issued for them.

The one implementation under pages, API and commands. What a person does is a new version or a row of its own, with an
audit entry that says by whom; it counts from the next signal. Errors are ConfigErrors whose text is a sentence.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from executor.alerts.address import hook_url, standard_webhook_secret
from executor.alerts.template import LIFETIME, Style, build
from executor.clock import Clock
from executor.config.account import DEFAULT_ACCOUNT, PAPER_ACCOUNT
from executor.config.schema import FieldErrors
from executor.config.secrets import Keys
from executor.config.strategy import strategy_from
from executor.config.strategy_file import changed, laid_over, open_fields
from executor.domain.delivery import IssuedAlert
from executor.domain.strategy import Strategy
from executor.errors import ConfigError, InvariantBroken
from executor.store.people import People


class NoSuchStrategy(ConfigError):
    pass


class NoSuchAlert(ConfigError):
    pass


class StrategyExists(ConfigError):
    pass


class ChangedMeanwhile(ConfigError):
    """Somebody else saved a version after the one that was looked at."""


@dataclass(frozen=True, slots=True)
class Card:
    """What a sender needs; whoever has it can send to the strategy. `before_works`: so can who has the one before."""

    strategy: str
    hook_url: str = field(repr=False)
    standard_webhook_secret: str = field(repr=False)
    before_works: bool = False

    @property
    def signed_url(self) -> str:
        """Where senders send that sign: the secret address without its last part."""
        return self.hook_url.rpartition("/")[0]


@dataclass(frozen=True, slots=True)
class Wanted:
    """An alert that is to be issued. `settings` fixes paths of the message, or leaves them open with a placeholder;
    `tickers` and `most` (units) bound it nearer than its strategy's rails do, None leaves it at those.
    """

    style: Style
    settings: Mapping[str, str] = field(default_factory=dict)
    lifetime: timedelta = LIFETIME
    tickers: frozenset[str] | None = None
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Issued:
    """What is pasted into TradingView; whoever has both can repeat what the alert may do."""

    url: str = field(repr=False)
    body: str = field(repr=False)
    alert: IssuedAlert


class Strategies:
    def __init__(self, people: People, keys: Keys, clock: Clock, *, public_url: str, new_id: Callable[[], str]) -> None:
        self._people = people
        self._keys = keys
        self._clock = clock
        self._public_url = public_url
        self._new_id = new_id

    # what there is

    def named(self, name: str) -> Strategy:
        """The newest version. Raises NoSuchStrategy."""
        found = self._people.strategy(name)
        if found is None:
            known = ", ".join(one.name for one in self._people.strategies()) or "none yet"
            raise NoSuchStrategy(f"there is no strategy {name!r}; there are: {known}")
        return found

    def card(self, strategy: Strategy) -> Card:
        """Its secret address, and the secret of senders that can sign."""
        url, secret = hook_url(self._keys, strategy, self._public_url), standard_webhook_secret(self._keys, strategy)
        return Card(strategy.name, url, secret, before_works=strategy.rotation_before is not None)

    # what a person makes of it

    def read_new(self, name: str, fields: Mapping[str, Any]) -> Strategy:
        """Version 1 of a strategy, not saved yet. Raises FieldErrors; StrategyExists."""
        made = strategy_from(fields, name=name, version=1)
        if self._people.strategy(name) is not None:
            raise StrategyExists(f"strategy {name} exists; change it with `executor strategy set {name}`")
        known = [account.name for account in self._people.accounts()]
        if made.account == DEFAULT_ACCOUNT and made.account not in known:
            made = replace(made, account=PAPER_ACCOUNT)
        if made.account not in known:
            there_is_none = f"there is no account {made.account!r}; there are: {', '.join(known)}"
            raise FieldErrors(f"strategy {name}", {"account": there_is_none})
        return made

    def add(self, name: str, fields: Mapping[str, Any], *, by: str) -> Strategy:
        """Make a strategy from fields as a person writes them. Raises FieldErrors; StrategyExists; NotRecorded."""
        return self.save(self.read_new(name, fields), None, by=by)

    def change(self, name: str, fields: Mapping[str, Any], *, by: str, seen: int | None = None) -> Strategy:
        """Lay fields over what is set; "none" takes away. `seen`: the version that the person looked at.

        Raises FieldErrors; NoSuchStrategy; ChangedMeanwhile; NotRecorded.
        """
        before = self.named(name)
        if seen is not None and seen != before.version:
            raise _changed_meanwhile(name, seen)
        return self.save(changed(before, laid_over(open_fields(before), fields)), before, by=by)

    def switch(self, name: str, *, enabled: bool, by: str) -> Strategy:
        """Let a strategy enter again, or no more; exits and stops go on. Raises NoSuchStrategy; NotRecorded."""
        before = self.named(name)
        after = before if before.enabled is enabled else replace(before, enabled=enabled, version=before.version + 1)
        return self.save(after, before, by=by)

    def rotate(self, name: str, *, by: str) -> Strategy:
        """Make a new secret address; the one before goes on working until `end_overlap`, or the next rotation.

        Raises NoSuchStrategy; NotRecorded.
        """
        before = self.named(name)
        after = replace(
            before, version=before.version + 1, rotation=before.rotation + 1, rotation_before=before.rotation
        )
        return self.save(after, before, by=by)

    def end_overlap(self, name: str, *, by: str) -> Strategy:
        """End the address before the present one. Raises NoSuchStrategy; NotRecorded."""
        before = self.named(name)
        ended = before.rotation_before is None
        after = before if ended else replace(before, version=before.version + 1, rotation_before=None)
        return self.save(after, before, by=by)

    def save(self, after: Strategy, before: Strategy | None, *, by: str) -> Strategy:
        """Save a version unless it is the same as before. Raises ChangedMeanwhile; NotRecorded."""
        if after != before:
            try:
                self._people.save_strategy(after, by=by, at=self._clock.now())
            except InvariantBroken as error:
                raise _changed_meanwhile(after.name, after.version - 1) from error
        return after

    # its alerts

    def issue(self, name: str, wanted: Wanted, *, by: str) -> Issued:
        """Issue an alert and record it before it is handed out. Raises ConfigError; NotRecorded."""
        strategy = self.named(name)
        made = build(
            _narrowed(strategy, wanted),
            style=wanted.style,
            settings=wanted.settings,
            keys=self._keys,
            alert_id=self._new_id(),
            now=self._clock.now(),
            lifetime=wanted.lifetime,
        )
        self._people.issue_alert(made.issued, by=by)
        return Issued(hook_url(self._keys, strategy, self._public_url), made.body, made.issued)

    def revoke(self, alert_id: str, *, by: str) -> IssuedAlert:
        """End the token of an alert for ever. Raises NoSuchAlert; NotRecorded."""
        found = self._people.issued_alert(alert_id)
        if found is None:
            raise NoSuchAlert(f"there is no alert {alert_id!r}; its id stands on its deliveries")
        if found.revoked_at is None:
            found = replace(found, revoked_at=self._clock.now())
            self._people.revoke_alert(alert_id, self._clock.now(), by=by)
        return found


def _changed_meanwhile(name: str, seen: int) -> ChangedMeanwhile:
    return ChangedMeanwhile(
        f"strategy {name} was changed by somebody else since version {seen} was looked at; look at it again, "
        "then make your change"
    )


def _narrowed(strategy: Strategy, wanted: Wanted) -> Strategy:
    """The strategy with its rails as near as the alert's bounds are to be. Raises FieldErrors for wider ones."""
    rails = strategy.rails
    strange = sorted((wanted.tickers or frozenset()) - rails.tickers)
    wrong: dict[str, str] = {}
    if strange or (wanted.tickers is not None and not wanted.tickers):
        found = f"{strange[0]} is none of the strategy's" if strange else "no ticker is chosen"
        wrong["tickers"] = f"tickers: {found}; choose from {', '.join(sorted(rails.tickers))}"
    if wanted.most is not None and not 0 < wanted.most <= rails.max_quantity:
        wrong["most"] = f"most is {wanted.most}; give units from 1 to the strategy's max_quantity {rails.max_quantity}"
    if wrong:
        raise FieldErrors(f"alert of {strategy.name}", wrong)
    tickers, most = wanted.tickers or rails.tickers, wanted.most or rails.max_quantity
    return replace(strategy, rails=replace(rails, tickers=tickers, max_quantity=most))
