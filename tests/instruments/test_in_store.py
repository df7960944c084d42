"""The real table answers as the rows in memory do: every case of the other files, through the store."""

from __future__ import annotations

from functools import partial

from executor.broker.smartapi.master import read_row
from executor.instruments.refresh import refresh
from executor.store.engine import open_database
from executor.store.loads import Loads
from executor.store.master import Master
from tests.instruments import test_futures, test_option_rule, test_options, test_refused, test_shares
from tests.instruments.market import MARKET, all_rows, cases, meaning
from tests.instruments.test_option_rule import chain


def asked():
    tables = [getattr(module, name) for module in (test_futures, test_options) for name in ("NSE", "BSE", "MCX", "OWN")]
    refused = [line.split()[0].rstrip(":;") for name in ("UNKNOWN", "NOT_LISTED") for line in _lines(name)]
    return [ticker for ticker, _ in cases(*tables, test_shares.NSE, test_shares.BSE)] + refused


def _lines(name):
    return getattr(test_refused, name).strip().splitlines()


def test_every_ticker_means_the_same_through_the_store(sqlite_url, clock, ids):
    database = open_database(sqlite_url)
    rows = [read_row(one) for one in all_rows()]
    refresh(partial(iter, rows), Loads(database), now=clock.now(), ids=ids)
    master = Master(database)

    differ = [one for one in asked() if meaning(master, one) != meaning(MARKET, one)]
    chains = [ticker for ticker, _, _ in cases(test_option_rule.EXPIRIES)]
    differ += [one for one in chains if chain(one, "nearest", master=master) != chain(one, "nearest")]

    database.close()
    assert len(asked()) > 300
    assert differ == []
