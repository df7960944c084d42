"""Whatever else the apprise library can reach; it is loaded only where such an address is set (35 MB)."""

from __future__ import annotations

import logging

from executor.config.notices import Other
from executor.errors import NotifyFailed
from executor.notify.message import Message


class OtherNotifier:
    """Raises NotifyFailed also for an address that apprise does not understand: only it can tell."""

    def __init__(self, address: Other) -> None:
        import apprise  # an extra

        logging.getLogger("apprise").setLevel(logging.CRITICAL)  # its words hold addresses
        self._apprise = apprise.Apprise()
        self._is_known = self._apprise.add(address.url)

    def tell(self, message: Message) -> None:
        if not self._is_known:
            raise NotifyFailed("apprise does not understand the address; see its list of services for the form")
        if not self._apprise.notify(title=message.title, body=message.body or message.title):
            raise NotifyFailed("apprise could not deliver it")
