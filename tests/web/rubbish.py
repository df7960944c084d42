"""Bad bodies, made of a genuine message by a seeded chance: most keep its token, to reach the last layer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from random import Random
from urllib.parse import urlencode

from tests.alerts.sending import changed

Maker = Callable[[Random, bytes], bytes]

NOT_NUMBERS = ("NaN", "Infinity", "-Infinity", "nan", "1_000", "0x10", "١٢", "1,5", "--1", "1e", ".", "", "₹5")
TEXTS = ("ticker", "exchange", "action", "fired_at", "v")
WRONG = (None, True, False, [], {}, [1], {"a": 1}, -1, 0.5, "", " ", "null", ["x"] * 50, "\0", "\x1b[2J", "\ud800")
PLACEHOLDERS = ("{{close}}", "{{plot_0}}", "{{strategy.order.action}}", "x{{}}y", "{{" + "a" * 3000 + "}}")


def bad_bodies(message: bytes, *, number: int, seed: int) -> Iterator[tuple[str, bytes]]:
    """`number` bodies, each with its kind; every kind comes up equally often, none of them is a valid alert."""
    chance = Random(seed)
    makers = list(MAKERS.items())
    for count in range(number):
        kind, make = makers[count % len(makers)]
        yield kind, make(chance, message)


def truncated(chance: Random, message: bytes) -> bytes:
    return message[: chance.randrange(len(message))]


def nested(chance: Random, message: bytes) -> bytes:
    levels = chance.choice([1, 19, 20, 21, 200, 990, 3000])
    inner = '{"a":' * levels + "1" + "}" * levels if chance.random() < 0.5 else "[" * levels + "]" * levels
    return message[:-1] + f', "x": {inner}}}'.encode()


def no_number(chance: Random, message: bytes) -> bytes:
    value = chance.choice(NOT_NUMBERS)
    if chance.random() < 0.5:
        return changed(message, price=value)
    return message.replace(b'"812.5"', value.encode())


def huge_number(chance: Random, message: bytes) -> bytes:
    digits = "9" * chance.choice([400, 5_000, 10_000, 60_000])
    value = chance.choice([digits, f"1e{digits}", f"-{digits}", f"0.{digits}", "1e308", f"1e-{digits}"])
    return message.replace(b'"812.5"', value.encode())


def twice(chance: Random, message: bytes) -> bytes:
    key = chance.choice(list(json.loads(message)))
    return message[:-1] + f', "{key}": {json.dumps(chance.choice(WRONG))}}}'.encode()


def wrong_type(chance: Random, message: bytes) -> bytes:
    path = chance.choice([*TEXTS, "price", "position"])
    wrong = chance.choice([value for value in WRONG if value is not None and (path, value) != ("v", True)])
    return changed(message, **{path: wrong})


def missing(chance: Random, message: bytes) -> bytes:
    return changed(message, **{chance.choice([*TEXTS, "token", "position"]): None})


def unknown_fields(chance: Random, message: bytes) -> bytes:
    return changed(message, **{f"x{number}": "y" for number in range(chance.choice([1, 10, 3000]))})


def long_key(chance: Random, message: bytes) -> bytes:
    return changed(message, **{"k" * chance.randrange(1, 20_000): [{}] * chance.randrange(10_000)})


def large(chance: Random, message: bytes) -> bytes:
    return message + chance.choice([b" ", b"x", b"\xff", b'"', b"{"]) * 2**20


def binary(chance: Random, _message: bytes) -> bytes:
    return chance.randbytes(chance.choice([1, 100, 5_000, 65_536]))


def flipped(chance: Random, message: bytes) -> bytes:
    """One byte of the token is another."""
    at = message.index(b"xt1_") + 4 + chance.randrange(60)
    return message[:at] + (b"A" if message[at : at + 1] != b"A" else b"B") + message[at + 1 :]


def unexpanded(chance: Random, message: bytes) -> bytes:
    return changed(message, **{chance.choice(["price", "ticker", "fired_at", "action"]): chance.choice(PLACEHOLDERS)})


def encoded(chance: Random, message: bytes) -> bytes:
    name = chance.choice(["utf-16", "utf-16-le", "utf-32", "utf-7", "cp037"])
    return message.decode().encode(name) if name != "utf-7" else b"+AHs-" + message[1:]


def not_utf8(chance: Random, message: bytes) -> bytes:
    wrong = chance.choice([b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", "₹".encode("utf-16")])
    return message.replace(b'"812.5"', b'"' + wrong + b'"')


def with_bom(_chance: Random, message: bytes) -> bytes:
    return b"\xef\xbb\xbf" + message


def form(_chance: Random, message: bytes) -> bytes:
    return urlencode({name: str(value) for name, value in json.loads(message).items()}).encode()


def blank(chance: Random, _message: bytes) -> bytes:
    return chance.choice([b"", b" ", b"\n", b"\t\r\n ", b" " * 65_536, b"\0", "\u00a0\u2003".encode()])


def no_object(chance: Random, message: bytes) -> bytes:
    return chance.choice(
        [b"null", b"1", b'"buy"', b"[" + message + b"]", b"[" * 65_000, json.dumps(message.decode()).encode()]
    )


def no_json(chance: Random, message: bytes) -> bytes:
    text = message.decode()
    return chance.choice(
        [
            text.replace('"', "'"),
            text.replace('"', "“"),
            text[:-1] + ",}",
            text + text,
            "<html>" + text,
            text + " // buy",
        ]
    ).encode()


MAKERS: dict[str, Maker] = {
    maker.__name__: maker
    for maker in (
        truncated, nested, no_number, huge_number, twice, wrong_type, missing, unknown_fields, long_key, large,
        binary, flipped, unexpanded, encoded, not_utf8, with_bom, form, blank, no_object, no_json,
    )
}  # fmt: skip
