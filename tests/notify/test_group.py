from __future__ import annotations

from datetime import datetime, timedelta

from executor.clock import IST
from executor.notify.group import messages_of
from executor.notify.message import Message, Notice, NoticeKind

NOW = datetime(2026, 11, 25, 9, 20, tzinfo=IST)
WHO = "LIVE default"


def a_notice(seq: int = 1, kind: NoticeKind = NoticeKind.REFUSED, *, ago: float = 5, **changes: object) -> Notice:
    fields = {"who": WHO, "text": "trend buy NSE:SBIN: outside its hours", "at": NOW - timedelta(seconds=ago)}
    return Notice(kind=kind, seq=seq, **{**fields, **changes})  # type: ignore[arg-type]


def grouped(*notices: Notice, unread: int = 0) -> list[Message]:
    return messages_of(notices, now=NOW, unread=unread)


def test_a_few_are_told_one_by_one_in_their_order():
    found = grouped(a_notice(1, ago=9), a_notice(2, NoticeKind.FILLED, ago=8), a_notice(3, ago=7))

    assert [message.id for message in found] == ["1-1-refused", "2-2-filled", "3-3-refused"]
    assert found[0].title == "[LIVE default] REFUSED: trend buy NSE:SBIN: outside its hours"


def test_a_burst_of_fifty_refusals_is_one_message_with_what_they_said():
    notices = [a_notice(seq, text="trend: halted" if seq % 5 else "dip: too large") for seq in range(1, 51)]

    (message,) = grouped(*notices)

    assert message.title == "[LIVE default] 50 REFUSED, 25 Nov 09:19:55 to 25 Nov 09:19:55"
    assert message.body.splitlines() == ["40 × trend: halted", "10 × dip: too large"]
    assert message.notices == tuple(notices)


def test_what_is_urgent_is_not_lost_in_a_burst_of_others():
    burst = [a_notice(seq) for seq in range(1, 51)]

    found = grouped(*burst, a_notice(51, NoticeKind.REJECTED, text="no margin"))

    assert [(message.kind, message.is_urgent) for message in found] == [("refused", False), ("rejected", True)]


def test_accounts_are_never_mixed_in_a_burst():
    mixed = [a_notice(seq, who=f"{kind} a") for seq in range(1, 11) for kind in ("LIVE", "PAPER")]

    assert [message.title.partition(" REFUSED")[0] for message in grouped(*mixed)] == ["[LIVE a] 10", "[PAPER a] 10"]


def test_after_an_outage_there_is_one_summary_with_the_urgent_ones():
    waited = [a_notice(seq, ago=3600) for seq in range(1, 30)]
    urgent = [a_notice(30, NoticeKind.REJECTED, ago=1800, text="no margin")]
    now = [a_notice(31, NoticeKind.FILLED, ago=4)]

    (message,) = grouped(*waited, *urgent, *now, unread=700)

    assert message.title.startswith("[LIVE default] 731 notices that could not be told one by one, 25 Nov 08:20:00 to")
    assert message.body.splitlines() == [
        "[LIVE default] 29 refused",
        "[LIVE default] 1 rejected",
        "[LIVE default] 1 filled",
        "and 700 before them: see the log",
        "",
        "urgent, the last 1 of 1:",
        "25 Nov 08:50:00 [LIVE default] REJECTED: no margin",
    ]
    assert message.is_urgent


def test_the_report_of_a_day_stands_beside_a_summary():
    report = a_notice(0, NoticeKind.REPORT, day=("report", "2026-11-25"), more="audit head 7:ab")
    waited = [a_notice(seq, ago=3600) for seq in range(1, 30)]

    found = grouped(report, *waited)

    assert [message.kind for message in found] == ["summary", "day report"]
    assert found[1].body == "audit head 7:ab"


def test_a_summary_is_bounded():
    kinds = [a_notice(seq, NoticeKind.ALARM, ago=3600, text=f"text {seq}") for seq in range(500)]

    (message,) = grouped(*kinds)

    assert len(message.body) < 4000 and "text 499" in message.body and "text 3\n" not in message.body


def test_what_nobody_looked_at_is_told_by_its_number_alone():
    (message,) = grouped(unread=501)

    assert "501 entries" in message.title
