"""A throw-away PostgreSQL for one benchmark, as durable as a real one, and what kind of machine it runs on."""

import os
import platform
import shutil
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import django
import psycopg
from django.core.management import call_command
from django.db import connections

from genhub.embedded import paths
from genhub.embedded.postgres import NAME, find_binaries, postgres
from genhub.embedded.supervise import Supervisor
from genhub.embedded.valkey import valkey
from tests import servers

ROOT = Path(__file__).resolve().parents[2]
# fsync and synchronous_commit stay on, as in production. No checkpoint falls into a measurement.
SETTINGS = {
    "shared_buffers": "512MB",
    "max_connections": "200",
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
}
# A benchmark asks with one key more often than any app may. A whole hub counts all the same; where no Valkey runs
# there is nothing to count with.
KEY_RATES = ("KEY_READS_PER_MINUTE", "KEY_WRITES_PER_MINUTE")
MOST, UNCOUNTED = "1000000", "0"
PROBES = 200
BLOCK = b"\0" * 8192


def say(line: str) -> None:
    """Tell a person how far the benchmark is."""
    print(line, file=sys.stderr, flush=True)  # noqa: T201 (its progress)


@contextmanager
def running(
    settings: Mapping[str, str] | None = None, *, has_broker: bool = False
) -> Iterator[None]:
    """Start the server, and a broker if wanted, set Django up on it and migrate; remove everything in the end."""
    home = servers.HOME
    run_folder = paths.run_folder(home)
    supervisor = Supervisor(log_folder=home / "log", say=say)
    try:
        for folder in (home, home / "log", run_folder):
            paths.make_private(folder)
        database = postgres(home, run_folder, settings={**SETTINGS, **(settings or {})})
        supervisor.start(database, *([valkey(home, run_folder)] if has_broker else []))
        os.environ["DATABASE_URL"] = servers.database_url(NAME)
        os.environ |= dict.fromkeys(KEY_RATES, UNCOUNTED)
        django.setup()
        began = time.monotonic()
        call_command("migrate", verbosity=0)
        say(f"· migrations    done in {time.monotonic() - began:.1f} s")
        yield
    finally:
        supervisor.stop()
        shutil.rmtree(home, ignore_errors=True)
        shutil.rmtree(run_folder, ignore_errors=True)


@contextmanager
def absent() -> Iterator[None]:
    """Set Django up for a benchmark that needs no database, or starts servers itself; remove everything in the end."""
    try:
        paths.make_private(servers.HOME)
        os.environ |= dict.fromkeys(KEY_RATES, MOST)
        django.setup()
        yield
    finally:
        shutil.rmtree(servers.HOME, ignore_errors=True)


def program(name: str) -> list[str]:
    """Return the start of a command line of one of PostgreSQL's own programs, on this server."""
    socket = str(paths.run_folder(servers.HOME))
    return [str(find_binaries() / name), "--host", socket, "--username", NAME]


def connect(name: str = NAME) -> psycopg.Connection:
    """Return a connection of our own, outside Django, that commits each statement."""
    return psycopg.connect(servers.database_url(name), autocommit=True)


def copy_database(name: str) -> None:
    """Make a database as empty as the migrated one, which nobody may be using."""
    connections["default"].close()
    with connect("postgres") as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {NAME}")


def describe() -> dict[str, Any]:
    """Return what the figures of a database depend on besides the machine: versions, and the cost of a flush."""
    with connect() as connection:
        [name] = connection.execute("SHOW server_version").fetchone() or [""]
    return {
        "postgres": name.split()[0],
        "psycopg": psycopg.__version__,
        **describe_machine(),
        "fsync_us": probe_fsync(servers.HOME / "probe"),
    }


def describe_machine() -> dict[str, Any]:
    """Return what any figure depends on: versions, processors, load."""
    return {
        "python": platform.python_version(),
        "django": django.get_version(),
        "pillow": version("pillow"),
        "cpus": len(os.sched_getaffinity(0)),
        "load": round(os.getloadavg()[0], 1),
    }


def probe_fsync(path: Path) -> int:
    """Return the median microseconds of writing a block and flushing it."""
    times = []
    with path.open("wb", buffering=0) as file:
        for _ in range(PROBES):
            began = time.perf_counter()
            file.write(BLOCK)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - began)
    path.unlink()
    return round(statistics.median(times) * 1e6)
