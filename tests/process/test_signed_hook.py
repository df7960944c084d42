"""A sender that signs, as docs/security.md shows it: a shell, openssl and curl against a real web."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from executor import bootstrap
from executor.alerts.address import standard_webhook_secret
from executor.config.environment import open_settings
from tests.process.conftest import Town

pytestmark = pytest.mark.process

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "security.md"
HOOK = "https://executor.example.com/hook/trend"


@pytest.fixture
def script(sqlite_town: Town) -> str:
    """The document's script with the town's address in it; the secret lies where it looks for it."""
    assert shutil.which("curl") and shutil.which("openssl"), "docs/security.md uses both"
    del sqlite_town.environ["EXECUTOR_CLOCK_FILE"]  # the script has the time from `date`
    sqlite_town.web()
    settings = open_settings(sqlite_town.environ)
    strategy = sqlite_town.store.people.strategy("trend")
    assert strategy is not None
    secret = standard_webhook_secret(bootstrap.open_keys(settings), strategy)
    (sqlite_town.state_dir / "trend.secret").write_text(secret + "\n")
    [found] = re.findall(r"```sh\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert HOOK in found
    return found.replace(HOOK, f"http://127.0.0.1:{sqlite_town.environ['PORT']}/hook/trend")


def test_the_documents_script_signs_an_alert_that_is_taken(sqlite_town: Town, script: str) -> None:
    taken = run(sqlite_town, script)
    again = run(sqlite_town, script.replace("$(openssl rand -hex 12)", "once"))
    same = run(sqlite_town, script.replace("$(openssl rand -hex 12)", "once").replace('"buy"', '"sell"'))
    altered = run(sqlite_town, script.replace('--data-binary "$body"', '--data-binary "$body "'))

    assert [taken["state"], again["state"], same["code"], altered["code"]] == [
        "RECEIVED",
        "RECEIVED",
        "conflict",
        "signature_altered",
    ]
    [newest, *_] = sqlite_town.audit()
    assert newest["delivery"] == altered["delivery"]


def run(town: Town, script: str) -> dict[str, str]:
    done = subprocess.run(
        ["sh", "-eu", "-c", script], cwd=town.state_dir, capture_output=True, text=True, timeout=30, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found
