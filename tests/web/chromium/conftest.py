"""One server, one browser and one day for all tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime

import pytest

from executor.clock import IST, ManualClock
from tests.web.chromium.stage import Stage, chromium_path, staged


@pytest.fixture(scope="package")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The day's pages in a browser, or a skip that says what is missing (a failure with REQUIRE_CHROMIUM=1).

    It ends with this folder's tests: while it lives, an event loop of its own runs in this thread.
    """
    if chromium_path() is None:
        missing = "no Chromium: install the package chromium"
        if os.environ.get("REQUIRE_CHROMIUM") == "1":
            pytest.fail(missing)
        pytest.skip(missing)
    with staged(tmp_path_factory.mktemp("pages"), ManualClock(datetime(2026, 11, 25, 9, 20, tzinfo=IST))) as stage:
        yield stage
