from __future__ import annotations

import json

import pytest
from sqlalchemy import event

from executor.broker.smartapi.master import read_master
from executor.domain.instrument import Instrument, Segment
from executor.errors import BrokerUnavailable
from executor.instruments.refresh import refresh
from executor.simulator.master import instruments as simulated
from executor.simulator.master import rows as simulated_rows
from executor.store.engine import open_database
from executor.store.loads import PORTION, Loads
from executor.store.master import Master
from tests.instruments.builders import SENTINEL_ROWS, meant, row, share


@pytest.fixture
def database(sqlite_url):
    database = open_database(sqlite_url)
    yield database
    database.close()


@pytest.fixture
def master(database):
    return Master(database)


@pytest.fixture
def loads(database):
    return Loads(database)


@pytest.fixture
def take(tmp_path, loads, clock, ids):
    def take(rows):
        path = tmp_path / "master.json"
        path.write_text(rows if isinstance(rows, str) else json.dumps(rows))
        return refresh(lambda: read_master(path), loads, now=clock.now(), ids=ids)

    return take


def refused(take, rows):
    with pytest.raises(BrokerUnavailable) as caught:
        take(rows)
    return str(caught.value)


def test_a_file_becomes_the_current_table_and_the_report_counts_it(take, master, clock):
    report = take([*SENTINEL_ROWS, row(), row(exch_seg="CDS"), row(lotsize="-1")])

    current = master.current_load()

    assert current is not None
    assert (current.id, current.at) == (report.load, clock.now())
    assert (report.rows, report.segments) == (4, {"NSE": 3, "BSE": 1})
    assert report.left_out == {"other segment": 1, "not traded": 1}
    assert isinstance(meant("NSE", "KAVERI", master), Instrument)


def test_more_rows_than_a_portion_all_arrive(take, master):
    shares = [share(f"CO{n}-EQ", str(10_000 + n)) for n in range(2 * PORTION)]

    report = take([*SENTINEL_ROWS, *shares])

    assert report.rows == 2 * PORTION + 3
    for n in (0, PORTION - 4, PORTION - 3, PORTION, 2 * PORTION - 1):
        assert len(master.find_by_symbol(Segment.NSE, f"CO{n}-EQ")) == 1


def test_the_simulators_own_file_is_taken_whole(take, master, clock):
    report = take(simulated_rows(simulated(clock.now().date())))

    assert set(report.segments) == {"NSE", "BSE", "NFO", "BFO", "MCX"}
    assert report.left_out == {}
    assert isinstance(meant("NSE", "M_M", master), Instrument)


def test_yesterdays_rows_are_gone_after_the_switch(take, master):
    take([*SENTINEL_ROWS, row()])

    take([*SENTINEL_ROWS, share("NEW-EQ", "9")])

    assert master.find_by_symbol(Segment.NSE, "KAVERI-EQ") == []
    assert len(master.find_by_symbol(Segment.NSE, "NEW-EQ")) == 1


def test_a_row_that_stands_twice_counts_once(take, master):
    report = take([*SENTINEL_ROWS, row(), row()])

    assert (report.rows, report.left_out) == (4, {"token twice": 1})
    assert len(master.find_by_symbol(Segment.NSE, "KAVERI-EQ")) == 1


def test_a_token_that_stands_for_two_things_stands_for_none(take, master):
    shares = [share(f"CO{n}-EQ", str(10_000 + n)) for n in range(100)]
    report = take([*SENTINEL_ROWS, *shares, row(), row(symbol="OTHER-EQ"), row()])

    assert (report.rows, report.segments["NSE"], report.left_out) == (103, 102, {"token twice": 2})
    assert master.find_by_symbol(Segment.NSE, "KAVERI-EQ") == master.find_by_symbol(Segment.NSE, "OTHER-EQ") == []


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([], "BSE:SBIN, NSE:RELIANCE-EQ, NSE:SBIN-EQ missing among 0 instruments"),
        ([*SENTINEL_ROWS[1:], row()], "NSE:SBIN-EQ missing"),
        ([*SENTINEL_ROWS, row(tick_size="x")], "1 rows cannot be understood, such as NSE KAVERI-EQ: tick_size 'x'"),
        (json.dumps([*SENTINEL_ROWS])[:-1], "breaks off or is broken after row 3"),
        ("<html>Request Rejected</html>", "begins with '<html>"),
    ],
)
def test_a_file_that_is_not_good_changes_nothing(take, master, rows, words):
    before = take([*SENTINEL_ROWS, row()])

    text = refused(take, rows)

    current = master.current_load()
    assert words in text
    assert "stays in use" in text
    assert current is not None
    assert current.id == before.load
    assert isinstance(meant("NSE", "KAVERI", master), Instrument)


@pytest.mark.parametrize("broken", [[*SENTINEL_ROWS[1:], row()], json.dumps([*SENTINEL_ROWS, row()])[:-1]])
def test_a_file_that_is_found_bad_at_its_end_has_written_no_row(take, database, broken):
    written = []
    event.listen(database.engine, "before_cursor_execute", lambda *said: written.append(said[2]))

    refused(take, broken)

    assert not [statement for statement in written if statement.startswith("INSERT INTO instrument ")]


def test_a_segment_that_lost_most_of_its_rows_is_refused(take, master):
    shares = [share(f"CO{n}-EQ", str(10_000 + n)) for n in range(20)]
    take([*SENTINEL_ROWS, *shares])

    text = refused(take, [*SENTINEL_ROWS, *shares[:8]])

    assert "NSE has 10 instruments, the last file had 22" in text
    assert take([*SENTINEL_ROWS, *shares[:9]]).rows == 12


def test_after_a_refused_file_the_next_good_one_is_taken(take, master):
    take([*SENTINEL_ROWS, row()])
    refused(take, [*SENTINEL_ROWS[1:], share("HALF-EQ", "8")])

    report = take([*SENTINEL_ROWS, row()])

    current = master.current_load()
    assert current is not None
    assert current.id == report.load
    assert master.find_by_symbol(Segment.NSE, "HALF-EQ") == []


def test_a_few_rows_that_cannot_be_understood_are_left_out_and_counted(take):
    shares = [share(f"CO{n}-EQ", str(10_000 + n)) for n in range(200)]

    report = take([*SENTINEL_ROWS, *shares, row(token="")])

    assert (report.rows, report.left_out) == (203, {"unreadable": 1})


def test_a_file_that_is_not_there_is_named(tmp_path, loads, clock, ids):
    with pytest.raises(BrokerUnavailable, match=r"none\.json"):
        refresh(lambda: read_master(tmp_path / "none.json"), loads, now=clock.now(), ids=ids)
