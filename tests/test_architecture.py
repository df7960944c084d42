"""The rooms: who may import whom, what lives in one room only, and how large things may be."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

_ROOT = Path(__file__).resolve().parents[1]

_MAX_MODULE_LINES = 400
_MAX_FUNCTION_LINES = 60

# -- the rooms of executor/, and whom each may import besides itself

_BASE = {"domain", "errors", "clock", "data"}
_MIDDLE = _BASE | {"store", "config"}
_ROOMS: dict[str, set[str]] = {
    "clock": set(),
    "data": set(),
    "doorbell": {"clock", "errors"},
    "errors": {"domain"},
    "logs": set(),
    "domain": {"clock"},
    "desk": {"domain"},
    "store": _BASE,
    "broker": _BASE,
    "config": _BASE,
    "instruments": _MIDDLE,
    "alerts": _MIDDLE,
    "findings": _MIDDLE | {"instruments"},
    "web": _MIDDLE | {"alerts", "instruments", "doorbell", "findings"},
    "trader": _MIDDLE | {"alerts", "instruments", "doorbell", "desk", "broker"},
    "notify": _MIDDLE,
    "simulator": {"clock", "data"},
    "supervise": _BASE | {"config"},
    "demo": _BASE | {"config", "supervise"},
    "bootstrap": _MIDDLE
    | {
        "alerts",
        "instruments",
        "doorbell",
        "desk",
        "broker",
        "web",
        "trader",
        "notify",
        "simulator",
        "supervise",
        "logs",
    },
}
#: The command line is above all rooms.
_ABOVE = {"cli", "__main__", "__init__"}

#: Rooms without any library: nothing to install, nothing to reach out with.
_PURE = {"clock", "domain", "desk", "errors"}
#: What a rule must not touch: files, processes, sockets, the system.
_IO = {"os", "io", "pathlib", "socket", "subprocess", "logging", "urllib", "http", "sqlite3", "sys"}

_HTTPX = {"broker/smartapi/wire.py", "alerts/imitate.py", "notify/http.py", "cli/doctor.py"}

#: Words as the broker's wire spells them. They stop at broker/smartapi/ and simulator/.
_BROKER_WORDS = (
    *("symboltoken", "symbolToken", "tradingsymbol", "transactiontype", "producttype", "ordertype", "ordertag"),
    *("filledshares", "unfilledshares", "cancelsize", "averageprice", "triggerprice", "uniqueorderid", "orderstatus"),
    *("fillid", "fillsize", "fillprice", "disclosedquantity", "exch_seg", "instrumenttype", "lotsize", "tick_size"),
    *("jwtToken", "feedToken", "refreshToken", "exchangeType", "exchangeTokens"),
)


@cache
def _modules() -> dict[str, ast.Module]:
    """Every module of the product by its path below executor/."""
    folder = _ROOT / "executor"
    return {
        str(path.relative_to(folder)): ast.parse(path.read_text(encoding="utf-8"), str(path))
        for path in sorted(folder.rglob("*.py"))
    }


def _room(path: str) -> str:
    return path.split("/")[0].removesuffix(".py")


def _imports(tree: ast.AST) -> Iterator[str]:
    """Every module that is imported, type-checking imports included; `a.b` for `from a import b` too."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names):
                yield from (name.name for name in names)
            case ast.ImportFrom(module=str(module), names=names, level=0):
                yield from (f"{module}.{name.name}" for name in names)


def _library(name: str) -> str:
    return name.split(".")[0]


def _importers(*libraries: str) -> set[str]:
    return {path for path, tree in _modules().items() if {_library(name) for name in _imports(tree)} & set(libraries)}


# -- who imports whom


def test_every_room_has_its_place():
    rooms = {_room(path) for path in _modules()}

    assert rooms - set(_ROOMS) - _ABOVE == set()


@pytest.mark.parametrize("room", sorted(_ROOMS))
def test_a_room_imports_only_rooms_below_it(room: str):
    allowed = _ROOMS[room] | {room}

    wrong = {
        f"{path}: {name}"
        for path, tree in _modules().items()
        if _room(path) == room
        for name in _imports(tree)
        if _library(name) == "executor" and name.split(".")[1] not in allowed
    }

    assert wrong == set()


def test_the_domain_takes_nothing_from_the_clock_but_the_zone():
    taken = {
        name
        for path, tree in _modules().items()
        if _room(path) == "domain"
        for name in _imports(tree)
        if name.startswith("executor.clock")
    }

    assert taken <= {"executor.clock.IST"}


@pytest.mark.parametrize("room", sorted(_PURE))
def test_a_pure_room_uses_no_library(room: str):
    wrong = {
        f"{path}: {name}"
        for path, tree in _modules().items()
        if _room(path) == room
        for name in _imports(tree)
        if _library(name) not in sys.stdlib_module_names | {"executor"}
    }

    assert wrong == set()


def test_rules_do_no_input_or_output():
    wrong = {
        f"{path}: {name}"
        for path, tree in _modules().items()
        if _room(path) in {"domain", "desk"}
        for name in _imports(tree)
        if _library(name) in _IO
    }

    assert wrong == set()


def test_imports_are_absolute():
    wrong = {
        f"{path}:{node.lineno}"
        for path, tree in _modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
    }

    assert wrong == set()


# -- what lives in one room only


def test_sql_is_only_in_the_store():
    wrong = {path for path in _importers("sqlalchemy", "alembic", "sqlite3") if _room(path) != "store"}

    assert wrong == set()


def test_http_clients_are_only_in_their_rooms():
    assert _importers("httpx", "requests", "urllib3", "aiohttp") <= _HTTPX


def test_web_sockets_are_only_in_their_rooms():
    assert _importers("websockets") == {"broker/smartapi/socket.py", "simulator/wire/sockets.py"}


def test_intents_are_made_only_in_want():
    """And by the rehearsal, which has no desk: two orders that are cancelled again, under the account's lease."""
    wrong = {
        f"{path}:{node.lineno}"
        for path, tree in _modules().items()
        if not path.startswith("desk/want/") and path != "trader/rehearsal.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name_of(node.func) == "Intent"
    }

    assert wrong == set()


def test_the_systems_time_is_read_only_by_the_clock():
    modules = _importers("time") - {"clock.py"}
    calls = {
        f"{path}:{node.lineno}"
        for path, tree in _modules().items()
        if path != "clock.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and node.attr in {"now", "utcnow", "today"}
        and _name_of(node.value) in {"datetime", "date"}
    }

    assert (modules, calls) == (set(), set())


def test_chance_is_handed_in():
    """Only the class Random is used, as a type or with a seed; an UUID is made from given bits."""
    imported = {
        f"{path}: {name}"
        for path, tree in _modules().items()
        for name in _imports(tree)
        if _library(name) in {"random", "uuid"} and name not in {"random.Random", "uuid.UUID"}
    }
    unseeded = {
        f"{path}:{node.lineno}"
        for path, tree in _modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and _name_of(node.func) == "Random" and not node.args
    }

    assert (imported, unseeded) == (set(), set())


def test_the_brokers_words_stop_at_its_rooms():
    spoken = re.compile(rf"\b({'|'.join(_BROKER_WORDS)})\b")

    wrong = {
        f"{path}: {found.group()}"
        for path in _modules()
        if not path.startswith(("broker/smartapi/", "simulator/"))
        for found in spoken.finditer((_ROOT / "executor" / path).read_text(encoding="utf-8"))
    }

    assert wrong == set()


# -- how large things may be

#: A first migration is as long as its schema.
_LONG_BY_NATURE = "migrations/versions/"


def _python_files() -> list[str]:
    return [name for name in _tracked() if name.endswith(".py") and not name.startswith(_LONG_BY_NATURE)]


def test_modules_have_at_most_400_lines():
    lengths = {name: len((_ROOT / name).read_text(encoding="utf-8").splitlines()) for name in _python_files()}

    assert {name: length for name, length in lengths.items() if length > _MAX_MODULE_LINES} == {}


def test_functions_have_at_most_60_lines():
    wrong = {
        f"{name}: {node.name}": length
        for name in _python_files()
        for node in ast.walk(ast.parse((_ROOT / name).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        if (length := (node.end_lineno or 0) - node.lineno + 1) > _MAX_FUNCTION_LINES
    }

    assert wrong == {}


# -- what is not for others to read


@cache
def _tracked() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=_ROOT, check=True, capture_output=True, text=True).stdout
    return [name for name in listed.split("\0") if name and (_ROOT / name).is_file()]


def test_no_tracked_file_names_the_place_it_was_written_at():
    """Paths and tools of one machine, and package indexes. In pieces, so that this file does not hold them."""
    places = ["/wo" + "rk/", "sha" + "red/facts", "sha" + "red/samples", "sha" + "red/DES", ".lib" + "rary"]
    tools = ["index" + "-url", "find" + "-links", "files.python" + "hosted", "/opt/" + "pypi", "/tmp/" + "team"]
    named = re.compile("|".join(re.escape(word) for word in places + tools))

    wrong = {
        f"{name}: {found.group()}"
        for name in _tracked()
        for found in [named.search((_ROOT / name).read_text(encoding="utf-8", errors="replace"))]
        if found
    }

    assert wrong == set()


def _name_of(node: ast.expr) -> str:
    match node:
        case ast.Name(name):
            return name
        case ast.Attribute(attr=name):
            return name
        case _:
            return ""


# -- what a process holds in memory for its whole life


@pytest.mark.parametrize(
    ("module", "never"),
    [
        (
            "executor.bootstrap.web",
            {
                "alembic",
                "apscheduler",
                "httpx",
                "flask_smorest",
                "prometheus_client",
                "executor.desk",
                "executor.trader",
            },
        ),
        ("executor.bootstrap.trader", {"alembic", "flask", "jinja2", "gunicorn", "executor.web"}),
        ("executor.cli.run", {"alembic", "flask", "httpx", "sqlalchemy"}),
        ("executor.cli.db", {"alembic", "flask", "httpx"}),
        ("executor.cli.web", {"alembic", "flask", "httpx", "sqlalchemy"}),
    ],
)
def test_a_process_imports_what_it_needs_and_no_more(module: str, never: set[str]):
    told = subprocess.run(
        [sys.executable, "-c", f"import sys, {module}; print(*sys.modules)"], capture_output=True, text=True, check=True
    )

    assert never & set(told.stdout.split()) == set()
