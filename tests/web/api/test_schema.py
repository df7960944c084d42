"""schemathesis over the OpenAPI document: whatever is asked, no answer is a fault of ours, and each is as it is told.

Seeded and bounded, so it asks the same each time. Three at the door: without a token, with one that reads, with one
that trades.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from executor.clock import ManualClock
from executor.domain.ids import Ids
from executor.domain.strategy import Account, AccountKind
from executor.store.engine import Database
from executor.store.log_search import Filters
from executor.store.store import Store
from executor.store.tokens import Scope
from tests.builders import NOW, a_store
from tests.house import House
from tests.web.api.client import a_token, an_app, api_parts
from tests.web.browser import URL
from tests.web.test_pages import refuse

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
HOST = {"Host": URL.removeprefix("http://")}
#: Requests of each route, by who asks.
EXAMPLES = {None: 3, Scope.READ: 4, Scope.TRADE: 12}


@pytest.fixture
def store(database: Database, ids: Ids) -> Store:
    """On both kinds of database: each refuses other odd values."""
    return a_store(database, new_id=ids.new)


@pytest.fixture
def document(house: House, store: Store, clock: ManualClock, ids: Ids) -> Any:
    """The document, of an API over a day on which something happened."""
    house.long()
    refuse(store, 50)
    store.people.add_account(Account("paper", AccountKind.PAPER), by="test", at=NOW, new_id=ids.new)
    return schemathesis.openapi.from_wsgi("/api/v1/openapi.json", an_app(api_parts(store, clock)), headers=HOST)


@pytest.mark.parametrize("scope", [None, Scope.READ, Scope.TRADE])
def test_no_request_ends_in_a_fault_of_ours(document: Any, store: Store, scope: Scope | None) -> None:
    headers = {**HOST, "Authorization": f"Bearer {a_token(store, scope)}"} if scope else HOST
    answered: Counter[int] = Counter()

    for found in document.get_all_operations():

        @settings(
            max_examples=EXAMPLES[scope],
            derandomize=True,
            deadline=None,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=found.ok().as_strategy())
        def ask(case: Case) -> None:
            answer = case.call(headers=headers)
            case.validate_response(answer, checks=CHECKS)
            answered[answer.status_code] += 1

        ask()

    if scope is None:
        assert set(answered) == {401, 429}  # schemathesis makes up tokens
    else:
        assert answered[200] > 50
        assert bool(answered[403]) is (scope is Scope.READ)


def test_what_is_there_is_told_as_the_document_says(document: Any, house: House, store: Store) -> None:
    trader = {**HOST, "Authorization": f"Bearer {a_token(store, Scope.TRADE)}"}
    line = store.pages.deliveries(Filters(signals=True), before=None, limit=1)[0]
    assert line.signal is not None
    names = {
        "signal": line.signal.id,
        "delivery": line.delivery.id,
        "position": house.brackets()[0].id,
        "account": "default",
        "strategy": "trend",
        "command": house.command("halt").id,
    }
    asked = {"/api/v1/instruments": {"text": "S"}, "/api/v1/instruments/resolve": {"ticker": "NSE:SBIN"}}

    answered = {}
    for found in document.get_all_operations():
        operation = found.ok()
        if operation.method == "get":
            path = {one.name: names[one.name] for one in operation.path_parameters}
            case = operation.Case(path_parameters=path, query=asked.get(operation.path, {}))
            answered[operation.path] = case.call_and_validate(headers=trader, checks=CHECKS).status_code

    assert len(answered) > 20
    assert set(answered.values()) == {200}
