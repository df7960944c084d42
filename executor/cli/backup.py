"""`executor backup` and `executor restore`: a proved copy of the whole database, and the way back from it.

A copy says what it is worth only when it was read back: each is loaded into a database of its own and its audit is
verified before the file gets its name. After a restore nothing enters until a person has compared it with the broker.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from random import Random
from typing import Any

import click

from executor import bootstrap
from executor.cli.command import as_json_option
from executor.cli.progress import progress
from executor.config.environment import Settings, keep_key, open_settings
from executor.config.secrets import fingerprint
from executor.domain.ids import Ids
from executor.errors import ConfigError
from executor.store import backup as copies
from executor.store.chain import Verified
from executor.store.engine import open_database

_FILE = click.Path(dir_okay=False, path_type=Path)
#: A copy of a large database takes a minute of computing: behind whoever trades.
_NICE = 10


@click.command()
@click.argument("file", type=_FILE)
@as_json_option
def backup(*, file: Path, as_json: bool) -> None:
    """Write a copy of everything to FILE, while all goes on; prove it before it is called done.

    It is one compressed file that only you can read (mode 0600), the same from SQLite and Postgres. Secrets are in it
    as they lie in the database, sealed or hashed. The SECRET_KEY is NOT in it: keep that once, somewhere else. Without
    it every address and alert has to be made anew.

    \b
        executor backup /backup/executor-$(date +%F).gz
    """
    settings = open_settings()
    os.nice(_NICE)
    verified, rows = _copy(settings, file)
    size = file.stat().st_size
    said = {"file": str(file), "bytes": size, "rows": rows, "key": fingerprint(settings.secret_key)}
    if as_json:
        click.echo(json.dumps({**said, **_told(verified)}))
        return
    click.echo(f"{file}: {rows} rows, {size / 1e6:.1f} MB; the audit's {verified.entries} entries verified")
    click.echo(f"head {_head(verified)}")
    click.echo(f"the SECRET_KEY (fingerprint {said['key']}) is not in it: keep it apart")


@click.command()
@click.argument("file", type=_FILE)
@click.option("--new-key", is_flag=True, help="The SECRET_KEY of the backup is lost: addresses and alerts are void.")
@as_json_option
def restore(*, file: Path, new_key: bool, as_json: bool) -> None:
    """Load FILE, which `executor backup` wrote, into an empty database; then everything is HALTED.

    First put the old SECRET_KEY in place: as setting, or as the file secret_key of the state dir. The audit is verified
    before anything counts. After `executor run` the account is compared with the broker: what was traded after the
    backup shows as orders that are not ours. Look at `executor positions` and the broker's app, then `executor resume`.

    \b
        executor restore /var/backups/executor/2026-11-25-0015.gz
    """
    settings = open_settings()
    if not file.exists():
        raise click.UsageError(f"there is no file {file}")
    _check_key(settings, file, new_key=new_key)
    keep_key(settings)
    clock = bootstrap.clock_of(settings)
    database = open_database(settings.database_url)
    try:
        copies.prepare(database)
        with progress("rows restored") as seen:
            verified = copies.restore(
                database,
                file,
                at=clock.now(),
                new_id=lambda newest: Ids(clock.now, Random(secrets.randbits(128)), above=newest).new(),
                meta={bootstrap.FINGERPRINT: fingerprint(settings.secret_key)},
                seen=seen,
            )
    finally:
        database.close()
    if as_json:
        click.echo(json.dumps({"file": str(file), "halted": True, **_told(verified)}))
        return
    click.echo(f"restored: the audit's {verified.entries} entries verified, head {_head(verified)}")
    click.echo("everything is HALTED. `executor run`, compare `executor positions` with the broker's app,")
    click.echo("then `executor resume`")
    click.echo(
        "Alerts, addresses and passwords are those of the backup: what was ended since counts again (`executor alert"
    )
    click.echo("revoke`, `executor strategy rotate`), what was issued since is answered 401: issue it anew")


def _copy(settings: Settings, file: Path) -> tuple[Verified, int]:
    """Write, read back, verify; the file has its name only then. Raises ConfigError, ChainBroken, NotRecorded."""
    if file.exists():
        raise click.UsageError(f"{file} is there already; give another name, such as one with the date")
    if not file.parent.is_dir():
        raise click.UsageError(f"there is no folder {file.parent}; make it, or give another")
    draft = file.with_name(f".{file.name}.partial")
    draft.unlink(missing_ok=True)
    store = bootstrap.open_store(settings)
    try:
        with (
            open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out,
            progress("rows written") as seen,
        ):
            at = bootstrap.clock_of(settings).now()
            _, rows = copies.dump(store.database, out, key=fingerprint(settings.secret_key), at=at, seen=seen)
            out.flush()
            os.fsync(out.fileno())
        with progress("rows read back") as seen:
            verified = copies.prove(draft, seen=lambda done, _: seen(done, rows))
        draft.rename(file)
    finally:
        store.database.close()
        draft.unlink(missing_ok=True)
    return verified, rows


def _check_key(settings: Settings, file: Path, *, new_key: bool) -> None:
    """Refuse another key than the backup's: what it sealed and signed would be void."""
    wanted = copies.read_label(file).key
    old = settings.secret_key_old
    known = {fingerprint(settings.secret_key), *([fingerprint(old)] if old else [])}
    if wanted not in known and not new_key:
        raise ConfigError(
            f"{file} was made under another SECRET_KEY (fingerprint {wanted}): give that one as SECRET_KEY, or lay it "
            f"as the file {settings.state_dir / 'secret_key'} (chmod 600). If it is lost: --new-key"
        )


def _told(verified: Verified) -> dict[str, Any]:
    return {"entries": verified.entries, "head": _head(verified), "verified": True}


def _head(verified: Verified) -> str:
    return f"{verified.head.seq}:{verified.head.hash}"
