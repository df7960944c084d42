"""From which address orders leave, against the one that is registered at the broker (smartapi.md 4.4).

Nobody behind a router can see it from inside. What can be known: the broker's own word about the newest order; the
address of this machine's own interface towards the broker (no packet leaves for that); and, only where a person names
one, what a host outside says that it saw.
"""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from executor.bootstrap.logins import accounts_with_login, login_of
from executor.clock import IST
from executor.config.broker import BrokerSettings
from executor.config.environment import Settings, login_kind
from executor.domain.intent import RefusalReason
from executor.domain.strategy import AccountKind
from executor.errors import ConfigError
from executor.findings import Finding
from executor.store.accounts import Accounts
from executor.store.store import Store

_REGISTER = "register it with the API key at smartapi.angelone.in, then set SMARTAPI_PUBLIC_IP to it"
_HTTPS = 443

#: The address that a host outside saw; None: nobody was asked.
Seen = Callable[[], str] | None


def egress(settings: Settings, store: Store, *, seen: Seen) -> Iterator[Finding]:
    """Findings about the address of each account with a login."""
    accounts, is_live = Accounts(store.database), login_kind(settings.broker_urls) is AccountKind.LIVE
    for name in accounts_with_login(settings, store):
        try:
            login = login_of(settings, store, name)
        except ConfigError as error:
            yield Finding(f"login {name}", ok=False, said=str(error))
            continue
        if (told := _told(accounts, name)) is not None:
            yield told
        if is_live:
            yield _compared(name, login, seen)


def own_address(url: str) -> str:
    """The address of this machine's interface towards a host; a name is looked up, nothing is sent. Raises OSError."""
    parts = urlsplit(url)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((parts.hostname, parts.port or _HTTPS))
        found: str = probe.getsockname()[0]
    return found


def _told(accounts: Accounts, name: str) -> Finding | None:
    """What came of the newest order: orders alone are checked for their address, a login proves nothing."""
    newest = accounts.newest_send(name)
    if newest is None:
        return None
    at, outcome = newest
    when = f"{at.astimezone(IST):%d %b %Y %H:%M}"
    if outcome.startswith(f"REFUSED {RefusalReason.ADDRESS}"):
        return Finding(f"address {name}", ok=False, said=f"the broker refused the order of {when}: {outcome}")
    if outcome.startswith("ACCEPTED"):
        return Finding(f"address {name}", ok=True, said=f"the broker took the order of {when} from here")
    return None


def _compared(name: str, login: BrokerSettings, seen: Seen) -> Finding:
    what = f"egress {name}"
    registered = login.public_ip
    if registered is None:
        return Finding(what, ok=True, said="SMARTAPI_PUBLIC_IP is not set: nothing to compare with")
    if ip_address(registered).version != 4:
        return Finding(what, ok=False, said=f"{registered} is no IPv4 address: only such can be registered")
    try:
        found = own_address(login.base_url) if seen is None else seen()
    except OSError as error:
        return Finding(what, ok=False, said=f"it cannot be told from where orders leave: {error}")
    if found == registered:
        return Finding(what, ok=True, said=f"orders leave from {found}, as registered")
    if seen is None and not ip_address(found).is_global:
        outside = f"this machine is {found} behind a router, so its public address cannot be seen from inside; "
        return Finding(what, ok=True, said=f"{outside}`executor doctor --seen-by URL` asks a host outside")
    return Finding(what, ok=False, said=f"orders leave from {found}, SMARTAPI_PUBLIC_IP is {registered}: {_REGISTER}")
