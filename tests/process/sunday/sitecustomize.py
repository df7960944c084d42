"""Put first on PYTHONPATH, this moves the time of a Python process and of its children by SUNDAY_OFFSET_S seconds.

The offset is the same in all of them: a fixed moment would be reached by each at another time.
"""

from __future__ import annotations

import os
import time

import time_machine

time_machine.travel(time.time() + float(os.environ["SUNDAY_OFFSET_S"]), tick=True).start()
