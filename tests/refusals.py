"""docs/refusals.md from the one list of refusals. `make refusals` writes it; a test fails when it is not up to date."""

from __future__ import annotations

import sys
from pathlib import Path

from executor.domain.refusal import WORDS

PAGE = Path(__file__).resolve().parents[1] / "docs" / "refusals.md"
_HEAD = """# Refusals: why something was not done, and what to do

Written by `make refusals` from `domain/refusal.py`, the only list there is. The page `/refusals` shows the same; a
signal's and a delivery's page link there. `code` stands in answers, in the audit and in `--json`.

| code | said | what to do |
|---|---|---|
"""


def page() -> str:
    """The document; each code is an anchor."""
    rows = (f'| <a id="{code}"></a>`{code}` | {words.sentence} | {words.remedy} |' for code, words in WORDS.items())
    return _HEAD + "".join(f"{row}\n" for row in rows)


def main() -> int:
    PAGE.write_text(page(), encoding="utf-8")
    print(f"wrote {PAGE.relative_to(PAGE.parents[1])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
