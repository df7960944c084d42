from __future__ import annotations

from executor.cli import main

main()
