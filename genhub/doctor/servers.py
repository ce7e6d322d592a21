"""PostgreSQL and the broker: reached, new enough, set as money and doorbells need them."""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from typing import Any

import psycopg
from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from generation.life import doorbell
from genhub.doctor.findings import Finding, fault, good, warning, word
from genhub.doctor.rabbit import look_at_rabbit
from genhub.embedded.database import OLDEST_POSTGRES, connect, read_version
from genhub.probes import list_missing

# Signed links and sign-ins bear little, signed requests to a store a quarter of an hour.
CLOCK_SECONDS, WORST_CLOCK_SECONDS = 2, 60
NEWS_SECONDS = 5
# What is committed is kept, whatever happens to the machine.
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
BROKER_PATIENCE = 20
# Which database of which server one speaks to.
WHICH = """
    SELECT d.oid, pg_postmaster_start_time() FROM pg_database d WHERE d.datname = current_database()
"""
# PostgreSQL's name for a trigger that a superuser or owner switched off.
OFF = "D"
PERSISTENT = ("transfer_is_append_only", "hold_moves_forward", "purse_is_never_deleted")


def ask(statement: str, *words: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a question to the database."""
    with connection.cursor() as cursor:
        cursor.execute(statement, words)
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def look_at_database() -> Iterator[Finding]:
    """Reach the database, past any pool, and judge it."""
    name = "database"
    try:
        version = read_version()
    except psycopg.OperationalError as error:
        yield fault(
            name, word(error), "mend DATABASE_URL, or start PostgreSQL; nothing works without"
        )
        return
    ((encoding,),) = ask("SELECT current_setting('server_encoding')")
    if version < OLDEST_POSTGRES:
        yield fault(name, f"PostgreSQL {version}", f"move to {OLDEST_POSTGRES} or newer")
    elif encoding != "UTF8":
        yield fault(name, f"its encoding is {encoding}", "make it anew: createdb --encoding UTF8 --template template0")  # fmt: skip
    else:
        yield good(name, f"PostgreSQL {version} answers")
    off = [name for name in DURABLE if ask(f"SELECT current_setting('{name}')") == [("off",)]]
    if off:
        yield fault(
            "durability",
            f"{' and '.join(off)} off: credits and orders are lost with the power",
            "set them on in postgresql.conf, or for this role or database",
        )
    else:
        yield good("durability", "what is committed is kept")


def look_at_tables() -> Iterator[Finding]:
    """Compare the tables with what this release needs."""
    executor = MigrationExecutor(connection)
    loader, missing = executor.loader, list_missing(executor)
    newer = sorted(set(loader.applied_migrations) - set(loader.disk_migrations))
    if missing:
        names = ", ".join(missing[:3])
        yield fault(
            "tables", f"{len(missing)} migrations are missing: {names} …", "run `manage.py prepare`"
        )
    elif ours := [f"{app}.{name}" for app, name in newer if app in loader.migrated_apps]:
        yield warning(
            "tables", f"they are of a newer release: {', '.join(ours[:3])}", "start the newer release everywhere"
        )  # fmt: skip
    else:
        yield good("tables", "as this release needs them")


def look_at_role() -> Iterator[Finding]:
    """Say what a thief of this database password could do to the ledger."""
    ((role, is_super, may_change),) = ask(
        "SELECT current_user, rolsuper, has_table_privilege('credits_transfer', 'UPDATE')"
        " OR has_table_privilege('credits_transfer', 'DELETE') FROM pg_roles WHERE rolname = current_user"
    )
    switched_off = [name for (name,) in ask(
        "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgenabled = %s ORDER BY tgname", OFF
    )]  # fmt: skip
    missing = set(PERSISTENT) - {
        name for (name,) in ask("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal")
    }
    if switched_off or missing:
        yield fault(
            "guards",
            f"the ledger is not guarded: {', '.join([*switched_off, *sorted(missing)])} off or missing",
            "ALTER TABLE … ENABLE TRIGGER …, then run `manage.py audit`",
        )
    else:
        yield good("guards", "the ledger's triggers are on")
    if getattr(settings, "DATABASE_IS_EMBEDDED", False):
        yield good("role", f"{role}, in the hub's own server that this user alone reaches")
    elif is_super or may_change:
        yield warning(
            "role",
            f"{role} {'is a superuser' if is_super else 'may change or delete transfers'}",
            "give the services the role of deploy/database-role.sql; see the handbook, Two database roles",
        )
    else:
        yield good("role", f"{role} cannot unwrite money")


def look_at_news() -> Iterator[Finding]:
    """Have one connection tell another: streams and waiting requests hear of ends so."""
    channel = f"doctor_{time.time_ns()}"
    with closing(connect(autocommit=True)) as listener:
        listener.execute(f"LISTEN {channel}")
        ask("SELECT 1 FROM pg_notify(%s, '')", channel)
        heard = next(listener.notifies(timeout=NEWS_SECONDS, stop_after=1), None)
    if heard is None:
        yield fault(
            "news",
            f"a NOTIFY was not heard within {NEWS_SECONDS} s: streams and waits look again and again instead",
            "a pooler in transaction mode swallows it: name PostgreSQL itself in DATABASE_DIRECT_URL",
        )
    else:
        yield good("news", "NOTIFY is heard")


def look_at_pooler() -> Iterator[Finding]:
    """Compare the database behind the pooler with the one that is named beside it."""
    if not settings.DATABASE_DIRECT:
        yield good(
            "pooler", "DATABASE_DIRECT_URL is not set: DATABASE_URL leads to PostgreSQL itself"
        )
        return
    with closing(connect()) as server:
        straight = server.execute(WHICH).fetchall()
    if ask(WHICH) == straight:
        yield good("pooler", "DATABASE_URL and DATABASE_DIRECT_URL lead to the same database")
    else:
        yield fault(
            "pooler",
            "DATABASE_URL and DATABASE_DIRECT_URL lead to different databases",
            "name the database of the pooler's entry in DATABASE_DIRECT_URL",
        )


def look_at_clock() -> Iterator[Finding]:
    """Compare this machine's clock with the database's, which is the one that counts."""
    before = datetime.now(UTC)
    ((there,),) = ask("SELECT clock_timestamp()")
    here = before + (datetime.now(UTC) - before) / 2
    apart = abs((there - here).total_seconds())
    said = f"this machine and the database are {apart:.1f} s apart"
    mend = "have both follow an NTP server: timedatectl set-ntp true"
    if apart > WORST_CLOCK_SECONDS:
        yield fault("clock", f"{said}: links, sign-ins and signed requests fail", mend)
    elif apart > CLOCK_SECONDS:
        yield warning("clock", said, mend)
    else:
        yield good("clock", said)


def look_at_broker() -> Iterator[Finding]:
    """Reach the broker, and read how it forgets."""
    name = "broker"
    if error := doorbell.find_fault(BROKER_PATIENCE):
        yield fault(
            name,
            f"it does not answer: {error}; orders are found by the sweeper alone, seconds late",
            "mend CELERY_BROKER_URL or REDIS_URL, or start it",
        )
        return
    with doorbell.open_broker(BROKER_PATIENCE) as broker:
        kind = broker.transport.driver_type
    if kind == doorbell.RABBIT:
        yield from look_at_rabbit(BROKER_PATIENCE)
        return
    if kind != "redis":
        yield good(name, "answers")
        return
    with doorbell.open_broker(BROKER_PATIENCE) as broker:
        client: Any = broker.default_channel.client  # type: ignore[attr-defined]  # Redis' own channel
        policy = client.config_get("maxmemory-policy").get("maxmemory-policy")
    if policy != "noeviction":
        yield fault(
            name,
            f"maxmemory-policy is {policy}: full, it forgets bells, and how often keys asked",
            "set `maxmemory-policy noeviction` in its configuration",
        )
    else:
        yield good(name, "answers, and forgets nothing by itself")
