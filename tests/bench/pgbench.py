"""pgbench on the benchmark's server, and the bare schema that ours is compared with."""

import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from django.db import connection

from genhub.embedded.postgres import NAME
from tests import servers
from tests.bench import server

THREADS = 2
BARE = "bare"
# Tables that the recorded statements may name.
TABLES = """
    SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename LIKE 'credits\\_%'
"""
# Each primary key, and the unique keys by which a repetition is found: without them the flow means something else.
KEYS = """
    SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
      FROM pg_index i JOIN pg_class t ON t.oid = i.indrelid
     WHERE t.relname = %s AND (i.indisprimary OR i.indexrelid = ANY (%s::regclass[]))
"""


@dataclass
class Flow:
    """One script, run again and again with ids that no earlier run used."""

    script: Path
    clients: int
    seconds: int
    mode: str
    runs: int = 0

    def run(self, schema: str) -> float:
        """Run the script by many clients and return its transactions per second; raise when one was refused."""
        self.runs += 1
        command = [
            *server.program("pgbench"), "--no-vacuum", f"--protocol={self.mode}", f"--client={self.clients}",
            f"--jobs={THREADS}", f"--time={self.seconds}", f"--file={self.script}", "--define=turn=0",
            f"--define=base={self.runs * 10**14}", f"--random-seed={self.runs}", NAME,
        ]  # fmt: skip
        done = subprocess.run(
            command,
            env={**os.environ, "PGOPTIONS": f"-c search_path={schema}"},
            capture_output=True,
            text=True,
            check=False,
        )
        found = re.search(r"^tps = ([\d.]+)", done.stdout, re.MULTILINE)
        if done.returncode or not found or "aborted" in done.stderr:
            raise AssertionError(f"pgbench failed: {done.stdout}\n{done.stderr[-2000:]}")
        return float(found[1])


def build_bare_schema(*kept_keys: str) -> None:
    """Build the same tables with the same rows, but no trigger, CHECK, foreign key, or index beyond what is kept."""
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE SCHEMA {BARE}")
        cursor.execute(TABLES)
        for [table] in cursor.fetchall():
            cursor.execute(
                f"CREATE TABLE {BARE}.{table} (LIKE public.{table} INCLUDING DEFAULTS INCLUDING IDENTITY)"
            )
            cursor.execute(KEYS, [table, list(kept_keys)])
            for _, definition in cursor.fetchall():
                cursor.execute(definition.replace("ON public.", f"ON {BARE}."))
            cursor.execute(f"INSERT INTO {BARE}.{table} TABLE public.{table}")
        cursor.execute("VACUUM ANALYZE")


def write(text: str) -> Path:
    """Write a script into the server's folder and return its path."""
    path = servers.HOME / "flow.sql"
    path.write_text(text)
    return path
