"""Every exception of ours.

ExecutorError
  ConfigError            a setting, strategy or account is wrong; the text names it and the way out
  AlertRefused           web's edge only: carries the Refusal that the sender is answered with
  StoreError
    NotRecorded          the store could not take it (locked, full, gone): nothing was done
      DiskFull           there is no space for it; the reserve may be given up for what reduces or protects
    LeaseLost            another trader owns the account now
    ChainBroken          the audit chain does not verify
    SchemaBehind         the database needs `executor db upgrade`, or is newer than this program
      NoSchema           it holds nothing at all: a first start, or the wrong folder
  BrokerError
    BrokerUnavailable    a read got no good answer; proof of nothing
    SessionLost          the broker refused the token
    FeedLost             a feed's connection ended, or none was made
      FeedRefused        the broker refused its handshake, with an HTTP status
    LoginRefused         the broker refused the login
      LoginNotYet        refused by ourselves: the TOTP code of this moment was used already
        CodeNeeded       without a TOTP secret a person has to give the code
  NotifyFailed           an address did not take a notice; it is tried again
  ClockSetBack           the host's clock was set back: an account begins anew, for no wait may last until then
  InvariantBroken        what must always hold does not; entries stop
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from executor.domain.intent import Call
    from executor.domain.refusal import Refusal


class ExecutorError(Exception):
    """Base of all errors of ours."""


class ConfigError(ExecutorError):
    pass


class AlertRefused(ExecutorError):
    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.sentence)
        self.refusal = refusal


class StoreError(ExecutorError):
    pass


class NotRecorded(StoreError):
    pass


class DiskFull(NotRecorded):
    pass


class LeaseLost(StoreError):
    pass


class ChainBroken(StoreError):
    pass


class SchemaBehind(StoreError):
    pass


class NoSchema(SchemaBehind):
    pass


class BrokerError(ExecutorError):
    """`call` is the exchange with the broker, secrets masked; None when nothing left."""

    def __init__(self, text: str, call: Call | None = None) -> None:
        super().__init__(text)
        self.call = call


class BrokerUnavailable(BrokerError):
    pass


class SessionLost(BrokerError):
    pass


class FeedLost(BrokerError):
    pass


class FeedRefused(FeedLost):
    def __init__(self, text: str, status: int) -> None:
        super().__init__(text)
        self.status = status


class LoginRefused(BrokerError):
    pass


class LoginNotYet(LoginRefused):
    pass


class CodeNeeded(LoginNotYet):
    pass


class NotifyFailed(ExecutorError):
    """The text names no secret. `pause_s`: how long the address itself asked to be left alone."""

    def __init__(self, text: str, pause_s: float = 0.0) -> None:
        super().__init__(text)
        self.pause_s = pause_s


class ClockSetBack(ExecutorError):
    pass


class InvariantBroken(ExecutorError):
    pass
