"""A signal's page: its life from the delivery to the last fill. And a delivery's, for what became no signal."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, redirect, url_for
from werkzeug.wrappers import Response

from executor.domain.bracket import Leg, Role
from executor.domain.delivery import Delivery
from executor.domain.order import Order
from executor.domain.refusal import Refusal
from executor.store.pages import Pages
from executor.store.story import Story
from executor.web.pages.frame import Frame
from executor.web.pages.timeline import latencies, timeline
from executor.web.pages.words import asked_by_signal

#: The layers in the order in which they judge; others follow.
LAYERS = ("address", "source", "certificate", "signature", "json", "token", "schema", "bounds", "freshness")


def add_stories(blueprint: Blueprint, pages: Pages, frame: Frame) -> None:
    @blueprint.get("/signals/<signal_id>")
    def signal(signal_id: str) -> str | tuple[str, int]:
        story = pages.signal_story(signal_id)
        if story is None:
            return _nothing(frame, f"There is no signal {signal_id}.")
        return frame.render(
            "signal.html",
            story=story,
            asked=asked_by_signal(story.signal),
            delivery=story.delivery,
            delivery_seq=_delivery_seq(story),
            layers=layers_of(story.delivery),
            remedy=Refusal(story.signal.code).remedy if story.signal.code else None,
            legs=_legs(story),
            others=_other_signals(story),
            events=timeline(story),
            latencies=latencies(story),
        )

    @blueprint.get("/deliveries/<delivery_id>")
    def delivery(delivery_id: str) -> str | tuple[str, int] | Response:
        line = pages.line(delivery_id)
        if line is None:
            return _nothing(frame, f"There is no delivery {delivery_id}.")
        if line.signal is not None:
            return redirect(url_for("pages.signal", signal_id=line.signal.id))
        refusal = Refusal(line.delivery.code, line.delivery.detail) if line.delivery.code else None
        return frame.render(
            "delivery.html",
            line=line,
            delivery=line.delivery,
            refusal=refusal,
            layers=layers_of(line.delivery),
            notes=pages.notes(line.delivery.id),
        )


def layers_of(delivery: Delivery) -> list[tuple[str, str, str]]:
    """What each layer found: its name, passed or failed, and the rest of its words."""
    names = [name for name in LAYERS if name in delivery.layers]
    names += [name for name in delivery.layers if name not in LAYERS]
    found = ((name, delivery.layers[name].partition(": ")) for name in names)
    return [(name, verdict, words) for name, (verdict, _, words) in found]


def _legs(story: Story) -> list[tuple[Leg, list[Order]]]:
    """Each leg with its attempts: the way in first, then what protects it, then the ways out."""
    ordered = sorted(story.legs, key=lambda leg: (list(Role).index(leg.role), leg.id))
    return [(leg, [order for order in story.orders if order.leg == leg.id]) for leg in ordered]


def _other_signals(story: Story) -> list[str]:
    """Those that worked on the same position."""
    causes = {str(leg.cause) for leg in story.legs} | {bracket.closer for bracket in story.brackets if bracket.closer}
    return sorted(causes - {story.signal.id} - {bracket.id for bracket in story.brackets})


def _delivery_seq(story: Story) -> int | None:
    return next((note.seq for note in story.notes if note.subject == story.delivery.id), None)


def _nothing(frame: Frame, text: str) -> tuple[str, int]:
    page = frame.render("message.html", title="Not found", text=text)
    return page, HTTPStatus.NOT_FOUND
