"""Statements that are said all day, as the driver takes them: made by SQLAlchemy once, executed without it.

Its way from a statement to an execution costs ten times the execution itself, and most of that again when the caches
are cold, as they are between two alerts. Values go in as the store holds them (store/types.py), which the audit needs
anyway, and come out in our types. Errors and the event `before_cursor_execute` are those of SQLAlchemy.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import itemgetter
from typing import Any

from sqlalchemy import ColumnElement, Connection, Dialect, Executable, Select, Table, bindparam, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeDecorator, TypeEngine

Row = dict[str, Any]


def put(connection: Connection, table: Table, *rows: Mapping[str, Any]) -> None:
    """Insert whole rows."""
    _insert(table, connection.dialect).run(connection, rows)


def put_stored(connection: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert many whole rows that are as the store holds them, in the order of the table's columns."""
    _begun(connection)
    if connection.dialect.name == "postgresql":
        names = ", ".join(f'"{column.name}"' for column in table.columns)
        _copy(connection, f'COPY "{table.name}" ({names}) FROM STDIN', rows)
    else:
        _execute(connection, _insert(table, connection.dialect).text, rows, many=True).close()


def put_new(connection: Connection, table: Table, row: Mapping[str, Any]) -> bool:
    """Insert a row unless a constraint knows it; returns whether it was inserted."""
    return bool(_insert_new(table, connection.dialect).run(connection, [row]) == 1)


def put_all_new(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert those rows that no constraint knows."""
    _insert_new(table, connection.dialect).run(connection, rows)


def change(connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> int:
    """Set columns of the row with a key; returns how many rows there were."""
    words = {f"key_{name}": value for name, value in key.items()} | {f"new_{n}": value for n, value in values.items()}
    return _update(table, tuple(key), tuple(values), connection.dialect).run(connection, [words])


def ask(connection: Connection, question: Select[Any], **values: Any) -> list[Row]:
    """The rows of a select that lives as long as the program, by column. It takes no lists (`in_`)."""
    return _question(question, connection.dialect).rows(connection, values)


def begin(connection: Connection, words: str) -> None:
    """Begin a transaction in the words of the database."""
    _execute(connection, words, ())


# -- as text -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Statement:
    """The text of one database's SQL, how its values are put in order where it takes them by place, what comes out."""

    text: str
    in_order: Callable[[Mapping[str, Any]], tuple[Any, ...]] | None
    constants: Mapping[str, Any]
    columns: tuple[tuple[str, Callable[[Any, Any], Any] | None], ...] = ()

    def run(self, connection: Connection, rows: Any) -> int:
        given = [self._given(row) for row in rows]
        _begun(connection)
        cursor = _execute(connection, self.text, given[0] if len(given) == 1 else given, many=len(given) != 1)
        try:
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def rows(self, connection: Connection, values: Mapping[str, Any]) -> list[Row]:
        if not connection.get_execution_options().get("alone"):  # the only statement needs no transaction around it
            _begun(connection)
        cursor = _execute(connection, self.text, self._given(values))
        try:
            return [self._row(found) for found in cursor.fetchall()]
        finally:
            cursor.close()

    def _given(self, values: Mapping[str, Any]) -> Any:
        known = {**self.constants, **values} if self.constants else values
        return known if self.in_order is None else self.in_order(known)

    def _row(self, found: Any) -> Row:
        return {
            name: value if convert is None else convert(value, None)
            for (name, convert), value in zip(self.columns, found, strict=True)
        }


@lru_cache(maxsize=64)
def _insert(table: Table, dialect: Dialect) -> _Statement:
    return _made(insert(table), dialect, [column.name for column in table.columns])


@lru_cache(maxsize=64)
def _insert_new(table: Table, dialect: Dialect) -> _Statement:
    make = postgresql.insert if dialect.name == "postgresql" else sqlite.insert
    return _made(make(table).on_conflict_do_nothing(), dialect, [column.name for column in table.columns])


@lru_cache(maxsize=512)
def _update(table: Table, key: tuple[str, ...], changed: tuple[str, ...], dialect: Dialect) -> _Statement:
    statement = update(table).values({name: bindparam(f"new_{name}", type_=table.c[name].type) for name in changed})
    return _made(statement.where(*(table.c[name] == bindparam(f"key_{name}") for name in key)), dialect)


@lru_cache(maxsize=64)
def _question(question: Select[Any], dialect: Dialect) -> _Statement:
    return _made(question, dialect, out=question.selected_columns)


def _made(
    statement: Executable, dialect: Dialect, columns: list[str] | None = None, out: Iterable[ColumnElement[Any]] = ()
) -> _Statement:
    compiled: Any = statement.compile(dialect=dialect, column_keys=columns)  # type: ignore[attr-defined]
    constants = {
        name: as_stored(bind.type, bind.effective_value) for name, bind in compiled.binds.items() if not bind.required
    }
    return _Statement(
        text=str(compiled),
        in_order=_in_order(compiled.positiontup) if compiled.positional else None,
        constants={} if columns else constants,
        columns=tuple((column.name, _out(column.type)) for column in out),
    )


def _in_order(places: list[str]) -> Callable[[Mapping[str, Any]], tuple[Any, ...]]:
    if len(places) > 1:
        return itemgetter(*places)
    return lambda values: tuple(values[name] for name in places)


def as_stored(kind: TypeEngine[Any], value: Any) -> Any:
    """The value as the database holds it: an integer or a text."""
    if isinstance(kind, TypeDecorator):
        return kind.process_bind_param(value, None)  # type: ignore[arg-type]  # no dialect differs here
    return value


@cache
def binds_of(table: Table) -> Mapping[str, Callable[[Any, Any], Any] | None]:
    """By column, in their order, how a value becomes what the database holds; None where it stays as it is."""
    kinds = {column.name: column.type for column in table.columns}
    return {name: kind.process_bind_param if isinstance(kind, TypeDecorator) else None for name, kind in kinds.items()}


def row_as_stored(table: Table, values: Mapping[str, Any]) -> Row:
    """A whole row: the columns that are not among `values` are empty."""
    return {
        name: values.get(name) if bind is None else bind(values.get(name), None)
        for name, bind in binds_of(table).items()
    }


def some_as_stored(table: Table, values: Mapping[str, Any]) -> Row:
    """Some columns of a row."""
    binds = binds_of(table)
    return {name: value if (bind := binds[name]) is None else bind(value, None) for name, value in values.items()}


def _out(kind: TypeEngine[Any]) -> Callable[[Any, Any], Any] | None:
    """How a stored value becomes ours; None where it stays as it is."""
    if isinstance(kind, TypeDecorator) and type(kind).process_result_value is not TypeDecorator.process_result_value:
        return kind.process_result_value
    return None


# -- execution -----------------------------------------------------------------------------------------------------


def _begun(connection: Connection) -> None:
    if not connection.in_transaction():
        connection.begin()


def _execute(connection: Connection, text: str, given: Any, *, many: bool = False) -> Any:
    """The driver's cursor after an execution. Raises SQLAlchemy's DBAPIError for the driver's."""
    cursor = _cursor(connection, text, given, many=many)
    try:
        (cursor.executemany if many else cursor.execute)(text, given)
    except _driver(connection).Error as error:
        raise _translated(connection, cursor, text, error) from error
    return cursor


def _copy(connection: Connection, text: str, rows: Sequence[Sequence[Any]]) -> None:
    """Hand rows over in one stream, which Postgres takes several times as fast. Raises DBAPIError."""
    cursor = _cursor(connection, text, rows, many=True)
    try:
        with cursor, cursor.copy(text) as stream:
            for row in rows:
                stream.write_row(row)
    except _driver(connection).Error as error:
        raise _translated(connection, cursor, text, error) from error


def _cursor(connection: Connection, text: str, given: Any, *, many: bool) -> Any:
    driver: Any = connection.connection.dbapi_connection
    cursor = driver.cursor()
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, cursor, text, given, None, many)
    return cursor


def _translated(connection: Connection, cursor: Any, text: str, error: Any) -> Exception:
    """An error of the driver's as SQLAlchemy's; a connection that it ends is given up."""
    gone = connection.dialect.is_disconnect(error, connection.connection.dbapi_connection, cursor)
    gone = gone or isinstance(error, _driver(connection).InternalError)  # of its state: another may be master by now
    if gone:
        connection.invalidate(error)
    kinds, dialect = _driver(connection).Error, connection.dialect
    told: Exception = DBAPIError.instance(text, None, error, kinds, connection_invalidated=gone, dialect=dialect)
    return told


def _driver(connection: Connection) -> Any:
    return connection.dialect.loaded_dbapi
