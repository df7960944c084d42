from __future__ import annotations

from datetime import datetime, timedelta
from ipaddress import ip_network

import pytest
from werkzeug.datastructures import Headers

from executor.clock import IST
from executor.domain.delivery import Flood
from executor.web.authenticity import (
    ALL_UNVERIFIED_BYTES,
    REST,
    SOURCES,
    UNVERIFIED_A_MINUTE,
    UNVERIFIED_BYTES,
    Floods,
    kept_headers,
    source_of,
)

NOW = datetime(2026, 11, 25, 9, 20, 30, tzinfo=IST)
MINUTE = NOW.replace(second=0)
PROXIES = (ip_network("127.0.0.1/32"), ip_network("10.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(("peer", "forwarded", "source"), [
    ("52.89.214.238", "", "52.89.214.238"),
    ("203.0.113.9", "52.89.214.238", "203.0.113.9"),
    ("127.0.0.1", "52.89.214.238", "52.89.214.238"),
    ("127.0.0.1", "6.6.6.6, 52.89.214.238", "52.89.214.238"),
    ("127.0.0.1", "6.6.6.6, 52.89.214.238, 10.1.2.3", "52.89.214.238"),
    ("127.0.0.1", "10.1.2.3", "10.1.2.3"),
    ("127.0.0.1", "", "127.0.0.1"),
    ("::1", "2001:DB8::1", "2001:db8::1"),
    ("127.0.0.1", "52.89.214.238, <script>", "127.0.0.1"),
    ("127.0.0.1", " , ,", "127.0.0.1"),
    ("127.0.0.1", "fe80::1%<script>alert(1)</script>", "fe80::1"),
    ("::ffff:127.0.0.1", "52.89.214.238", "52.89.214.238"),
    ("127.0.0.1", "::ffff:52.89.214.238", "52.89.214.238"),
    (None, "52.89.214.238", "unknown"),
    ("", "52.89.214.238", "unknown"),
])  # fmt: skip
def test_only_a_configured_proxy_may_say_where_an_arrival_comes_from(peer: str | None, forwarded: str, source: str):
    assert source_of(peer, forwarded, PROXIES) == source


def test_without_configured_proxies_no_header_counts():
    assert source_of("127.0.0.1", "52.89.214.238", ()) == "127.0.0.1"


def test_headers_that_may_hold_secrets_are_not_kept_and_the_others_are_clipped():
    found = kept_headers(Headers({"Cookie": "a", "Authorization": "b", "X-Api-Key": "c", "user-agent": "x" * 999}))

    assert found == {"User-Agent": "x" * 300}


def test_a_source_is_over_after_its_limit_and_fresh_in_the_next_minute():
    floods = Floods("web-1")

    over = [floods.is_over("a", 0, NOW) for _ in range(UNVERIFIED_A_MINUTE + 1)]

    assert over == [False] * UNVERIFIED_A_MINUTE + [True]
    assert not floods.is_over("b", 0, NOW)
    assert not floods.is_over("a", 0, NOW + timedelta(minutes=1))


def test_a_source_that_sends_large_bodies_is_over_after_fewer():
    floods, size = Floods("web-1"), 64 * 1024

    over = [floods.is_over("a", size, NOW) for _ in range(20)]

    assert over.index(True) * size < UNVERIFIED_BYTES
    assert over == sorted(over)
    assert not floods.is_over("b", size, NOW)
    assert not floods.is_over("a", size, NOW + timedelta(minutes=1))


def test_all_sources_together_are_bounded_too():
    floods, size = Floods("web-1"), 64 * 1024

    kept = [number for number in range(1000) if not floods.is_over(f"source {number}", size, NOW)]

    assert 0 < len(kept) * size < ALL_UNVERIFIED_BYTES


def test_counts_are_given_out_once_when_their_minute_is_over():
    floods = Floods("web-1")
    floods.count("a", "first", NOW)
    floods.count("a", "second", NOW)

    running = floods.take_finished(NOW)
    finished = floods.take_finished(NOW + timedelta(minutes=5))

    assert running == [] and floods.take_finished(NOW + timedelta(minutes=9)) == []
    assert finished == [Flood(MINUTE, "a", "web-1", 2, "first")]


def test_a_clock_that_runs_back_gives_no_row_twice():
    floods = Floods("web-1")
    floods.count("a", "x", NOW)
    floods.count("a", "x", NOW - timedelta(minutes=3))

    assert floods.take_finished(NOW + timedelta(minutes=1)) == [Flood(MINUTE, "a", "web-1", 2, "x")]


def test_many_sources_are_counted_together_so_that_memory_is_bounded():
    floods = Floods("web-1")
    for number in range(SOURCES + 200):
        floods.count(f"source {number}", "x", NOW)
        floods.is_over(f"source {number}", 0, NOW)

    finished = floods.take_finished(NOW + timedelta(minutes=1))

    assert len(finished) == SOURCES + 1
    assert [flood.count for flood in finished if flood.source == REST] == [200]
