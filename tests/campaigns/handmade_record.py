"""What a day's record must not hold or lack, made by hand: changes of the clean day, and the checker that speaks."""

from __future__ import annotations

from tests.campaigns.handmade import Made, a_day


def _broken_chain(day: Made) -> None:
    day.chain_fault = "entry 7 does not follow from entry 6"


def _altered_call(day: Made) -> None:
    day.calls[-2].request = day.calls[-2].request.replace("796", "797")


RECORD = [
    ("audited", "audit: entry 7 does not follow", a_day(_broken_chain)),
    ("audited", "audit: 1 at the exchange, 0 in the record: cancelOrder", a_day(lambda day: day.calls.pop())),
    (
        "audited",
        "audit: 1 at the exchange, 2 in the record: cancelOrder",
        a_day(lambda d: d.calls.append(d.calls[-1])),
    ),
    ("audited", "audit: 1 at the exchange, 0 in the record: modifyOrder", a_day(_altered_call)),
    ("audited", "audit: 1 at the exchange, 0 in the record: loginByPassword", a_day(lambda day: day.calls.pop(0))),
    ("discreet", "secret: the PIN is stored", a_day(lambda day: setattr(day, "stored", '{"password":"1234"}'))),
    (
        "fenced",
        "fenced: a trader that was followed",
        a_day(lambda d: d.noted.append("fenced: a trader that was followed")),
    ),
]
