"""Every reason why something was not done, with what to do about it: the page of the one list in domain/refusal."""

from __future__ import annotations

from flask import Blueprint

from executor.domain.refusal import WORDS
from executor.web.pages.frame import Frame


def add_refusals(blueprint: Blueprint, frame: Frame) -> None:
    @blueprint.get("/refusals")
    def refusals() -> str:
        return frame.render("refusals.html", words=WORDS)
