"""`executor alert`: make the message for TradingView, try it out, end it."""

from __future__ import annotations

import json
import re
import sys
import threading
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any, TextIO

import click

from executor import bootstrap
from executor.alerts import parse, schema
from executor.alerts.imitate import RESENDS, Answered, NotAnswered, open_client, send
from executor.alerts.placeholders import EXAMPLES, OPENS_A_LONG, PLACEHOLDER, left_open, render
from executor.alerts.signature import sign
from executor.alerts.strategies import Wanted
from executor.alerts.template import LIFETIME, Style
from executor.alerts.token import first_chart
from executor.bootstrap.strategies import strategies_of
from executor.cli.command import BY, open_room
from executor.cli.noun import Noun
from executor.config.environment import open_settings
from executor.domain.refusal import Refusal

_SECRET = re.compile(r"whsec_[A-Za-z0-9+/]{43}=")
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_as_json = click.option("--json", "as_json", is_flag=True, help="Print one JSON value.")


def _pairs(_context: click.Context, _option: click.Parameter, given: Iterable[str]) -> dict[str, str]:
    wrong = [text for text in given if not text.partition("=")[0] or "=" not in text]
    if wrong:
        raise click.BadParameter(f"{wrong[0]!r} is not of the form NAME=VALUE")
    return {name: value for name, _, value in (text.partition("=") for text in given)}


def _set_option(metavar: str, words: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    return click.option("--set", "settings", multiple=True, callback=_pairs, metavar=metavar, help=words)


@click.group(cls=Noun)
def alert() -> None:
    """Alerts: make the message for TradingView, try it out, end it.

    \b
        executor alert template trend
        executor alert check message.json
        executor alert send --url URL --body message.json --set close=800
    """


@alert.command("template")
@click.argument("name")
@click.option("--style", type=click.Choice([style.value for style in Style]), default="strategy", show_default=True)
@_set_option("PATH=VALUE", "Fix a field, such as action=buy or stop_loss.percent=1; a {{placeholder}} leaves it open.")
@click.option("--days", type=click.IntRange(1, LIFETIME.days), default=LIFETIME.days, help="How long it is valid.")
@_as_json
def template(*, name: str, style: str, settings: dict[str, str], days: int, as_json: bool) -> None:
    """Print the address and the message to paste into TradingView for strategy NAME.

    The message holds a token: whoever has it and the address can repeat what it allows.

    \b
        executor alert template trend
        executor alert template trend --style indicator --set action=buy
        executor alert template trend --json
    """
    wanted = Wanted(Style(style), settings, lifetime=timedelta(days=days))
    with open_room(open_settings()) as room:
        made = strategies_of(room.settings, room.store).issue(name, wanted, by=BY)
    told = {"url": made.url, "body": made.body, "alert_id": made.alert.id}
    words = f"Webhook URL:\n{made.url}\n\nMessage (alert {made.alert.id}):\n{made.body}"
    click.echo(json.dumps(told) if as_json else words)


@alert.command("send")
@click.option("--url", required=True, metavar="U", help="The strategy's hook_url; signed, that without its last part.")
@click.option(
    "--body", required=True, type=click.File(), metavar="FILE", help="The message as TradingView has it; - to paste it."
)
@_set_option("PLACEHOLDER=VALUE", "What a placeholder becomes, such as close=1245.5; times come from the clock.")
@click.option(
    "--example", is_flag=True, help="Fill in the rest: the first ticker of its token goes long; set its close."
)
@click.option("--resend", is_flag=True, help="Send again when answered 5xx, as TradingView does: 3 times, 5 s apart.")
@click.option(
    "--standard-webhook-secret",
    "secret",
    type=click.File(),
    metavar="FILE",
    help="Sign with the strategy's standard_webhook_secret in FILE (- to paste it); the message then has no token.",
)
@_as_json
def send_(
    *,
    url: str,
    body: TextIO,
    settings: dict[str, str],
    example: bool,
    resend: bool,
    secret: TextIO | None,
    as_json: bool,
) -> None:
    """Send a message as TradingView would; exit code 0 when it was taken (2xx).

    TradingView fills in the placeholders from its chart; here you do, with --set, or --example does. What you paste
    for `--body -` ends with Ctrl-D on a line of its own.

    \b
        executor alert send --url URL --body alert.json --example --set close=800
        executor alert send --url URL --body - --example --set close=800
        executor alert send --url https://HOST/hook/trend --body own.json \\
            --standard-webhook-secret FILE
    """
    now = bootstrap.clock_of(open_settings()).now()
    values = {name.strip("{} "): value for name, value in settings.items()}
    template = body.read()
    values = {**_times(now), **(OPENS_A_LONG | first_chart(template) if example else {}), **values}
    holes = left_open(template)
    left = [name for name in holes if name not in values]
    if left and not as_json:
        other = [name.strip("{} ") for name in settings if name.strip("{} ") not in holes]
        unused = f"; the message has no {', '.join(other)}" if other else ""
        click.echo(f"not filled in: {', '.join(left)}; give each with --set NAME=VALUE{unused}", err=True)
    message = render(template, values)
    headers = _signature(secret, message, now) if secret else {}
    again = RESENDS if resend else 0
    with open_client() as client:
        answer = send(client, url, message, headers=headers, resends=again, pause=threading.Event().wait)
    match answer:
        case NotAnswered(why):
            click.echo(json.dumps({"status": None, "answer": {}, "error": why}) if as_json else f"no answer: {why}")
        case Answered(status, text):
            click.echo(json.dumps({"status": status, "answer": _read(text)}) if as_json else f"{status} {text}")
    sys.exit(0 if isinstance(answer, Answered) and 200 <= answer.status < 300 else 1)


@alert.command("check")
@click.argument("file", type=_FILE)
@_as_json
def check(*, file: Path, as_json: bool) -> None:
    """Check a message against schema version 1 without sending it; placeholders get example values.

    \b
        executor alert check message.json
    """
    text = file.read_text()
    body = parse.read(render(text, EXAMPLES).encode())
    fields = body if isinstance(body, Refusal) else _understood(body)
    if isinstance(fields, Refusal):
        told = {"ok": False, "code": fields.code, "detail": fields.sentence, "remedy": fields.remedy}
        click.echo(json.dumps(told) if as_json else f"{fields.sentence}\n{fields.remedy}")
        sys.exit(1)
    examples = sorted({found[0] for found in PLACEHOLDER.finditer(text)})
    told = {"ok": True, "fields": fields, "placeholders": examples}
    click.echo(json.dumps(told) if as_json else f"valid, version 1: {', '.join(fields)}")


@alert.command("revoke")
@click.argument("alert_id", metavar="ID")
@_as_json
def revoke(*, alert_id: str, as_json: bool) -> None:
    """End the token of an alert for ever; its id was printed by `alert template`.

    \b
        executor alert revoke 1m88d6k3w1gqc
    """
    with open_room(open_settings()) as room:
        strategies_of(room.settings, room.store).revoke(alert_id, by=BY)
    click.echo(json.dumps({"alert_id": alert_id, "revoked": True}) if as_json else f"alert {alert_id} is revoked")


def _understood(body: dict[str, Any]) -> dict[str, Any] | Refusal:
    """The fields without their token, which only the server can judge."""
    open_body = {name: value for name, value in body.items() if name != "token"}
    return parse.texts_refused(open_body) or schema.understand(open_body)


def _signature(secret: TextIO, message: str, now: datetime) -> dict[str, str]:
    """The headers of a sender that signs."""
    text = secret.read().strip()
    if not _SECRET.fullmatch(text):
        wrong = "holds no whsec_… with 44 characters behind it; `executor strategy show NAME` prints it"
        raise click.BadParameter(f"{secret.name} {wrong}", param_hint="--standard-webhook-secret")
    return sign(text, message, id=f"msg_{token_hex(12)}", at=now)


def _times(now: datetime) -> dict[str, str]:
    """What TradingView fills in by itself: whole seconds, UTC."""
    fired = now.astimezone(UTC)
    return {"timenow": f"{fired:%Y-%m-%dT%H:%M:%SZ}", "time": f"{fired:%Y-%m-%dT%H:%M:00Z}", "interval": "5"}


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {"text": text}
