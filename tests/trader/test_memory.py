"""What was used for a moment goes back to the system, whichever thread used it."""

from __future__ import annotations

import subprocess
import sys

import pytest

#: Ten threads, one after the other, each take eight buffers of 1 MB and keep a small thing made after them.
_CHILD = """
import sys
from threading import Thread
from executor.trader.memory import keep_little

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * 4096

def use():
    for _ in range(3):
        big = [bytearray(b"x") * 1_000_000 for _ in range(8)]
        kept.append(bytearray(b"x") * 5_000)
        del big

kept, told = [], keep_little() if sys.argv[1] == "little" else None
before = resident()
for _ in range(10):
    thread = Thread(target=use)
    thread.start()
    thread.join()
print(told, resident() - before)
"""


def resident_after(how: str) -> tuple[str, int]:
    done = subprocess.run([sys.executable, "-c", _CHILD, how], capture_output=True, text=True, check=True)
    told, grown = done.stdout.split()
    return told, int(grown)


@pytest.mark.skipif(sys.platform != "linux", reason="mallopt and /proc are Linux's")
def test_big_buffers_go_back_at_once() -> None:
    (told, little), (_, usual) = resident_after("little"), resident_after("as it is")

    assert told == "True"
    assert little < 2_000_000 < usual
