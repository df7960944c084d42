"""What in a page could run or style by itself: nothing but our own script files may."""

from __future__ import annotations

import re

_OURS = re.compile(r'<script src="/static/[a-z./]+" defer></script>')
_ACTIVE = re.compile(r"<script|<style|<iframe|\sstyle=|javascript:|\son\w+=|hx-on|\bjs:")


def active_in(page: str) -> list[str]:
    """Whatever could run or style, but for the script files of our own."""
    return _ACTIVE.findall(_OURS.sub("", page))
