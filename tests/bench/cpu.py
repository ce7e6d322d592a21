"""CPU time and memory of processes, from the system's own books."""

import os
import resource
import time
from contextlib import suppress
from pathlib import Path

from django.db import connection

TICK = os.sysconf("SC_CLK_TCK")


def cpu_of(*pids: int) -> float:
    """Return the seconds of CPU that processes and their ended children took; one that ended meanwhile is counted with
    its parent."""
    ticks = 0
    for pid in pids:
        with suppress(OSError):
            # After the name, which may hold spaces.
            after = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, after[11:15]))
    return ticks / TICK


def cpu_here(postmaster: int) -> float:
    """Return the seconds of CPU of this process, its ended children and the database's processes."""
    ended = resource.getrusage(resource.RUSAGE_CHILDREN)
    database = cpu_of(*list_children(postmaster), postmaster)
    return database + time.process_time() + ended.ru_utime + ended.ru_stime


def find_postmaster() -> int:
    """Return the first process of the database that Django is connected to, on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        [backend] = cursor.fetchone()
    return int(Path(f"/proc/{backend}/stat").read_text().rpartition(")")[2].split()[1])


def list_children(pid: int) -> list[int]:
    """Return a process's children."""
    return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split())]


def resident_kib(pid: int) -> int:
    """Return the memory that a process has."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])
