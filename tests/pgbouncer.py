"""A real PgBouncer of a test's own, of Debian's package, before the tests' PostgreSQL: in transaction mode, with few
connections for many clients."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
from django.db import connection

from genhub.embedded.identity import NAMESPACE
from tests.faults.processes import wait_until
from tests.ports import free_port
from tests.programs import need_program

# Those of the server's connections that all processes of the hub share.
CONNECTIONS = 6
CONFIG = """
[databases]
* = host={folder} user=genhub
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
admin_users = genhub
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 500
ignore_startup_parameters = extra_float_digits
"""


class PgBouncer:
    """One that runs."""

    def __init__(self, port: int) -> None:
        self.port = port

    @property
    def url(self) -> str:
        """Return the address of the test's database behind it."""
        return f"postgres://genhub@127.0.0.1:{self.port}/{connection.settings_dict['NAME']}"

    def ask(self, question: str) -> list[dict[str, Any]]:
        """Return what its own console answers."""
        address = f"postgres://genhub@127.0.0.1:{self.port}/pgbouncer"
        with psycopg.connect(address, autocommit=True) as console:
            # Its console knows the simplest of protocols alone.
            found = psycopg.ClientCursor(console).execute(question)
            names = [column.name for column in found.description or ()]
            return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def count_transactions(self) -> int:
        """Return how many transactions it has passed on to the test's database."""
        name = connection.settings_dict["NAME"]
        return sum(
            row["total_xact_count"] for row in self.ask("SHOW STATS") if row["database"] == name
        )


@contextmanager
def pgbouncer(folder: Path) -> Iterator[PgBouncer]:
    """Run one until the body ends."""
    program = need_program("/usr/sbin/pgbouncer", "pgbouncer", variable="PGBOUNCER")
    port = free_port()
    config = folder / "pgbouncer.ini"
    words = {"folder": connection.settings_dict["HOST"], "port": port, "connections": CONNECTIONS}
    config.write_text(CONFIG.format(**words))
    # It refuses to run as root.
    prefix = NAMESPACE if os.geteuid() == 0 else ()
    with (folder / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen([*prefix, program, str(config)], stdout=log, stderr=log)
    found = PgBouncer(port)

    def answers() -> bool:
        assert process.poll() is None, (folder / "pgbouncer.log").read_text()
        try:
            return bool(found.ask("SHOW VERSION"))
        except psycopg.OperationalError:
            return False

    try:
        wait_until(answers, 20, "PgBouncer's start")
        yield found
    finally:
        process.kill()
        process.wait()
