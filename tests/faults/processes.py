"""Real workers and loops on the test database, for tests that run beside them."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

from tests.patience import patience
from tests.servers import database_url

ROOT = Path(__file__).resolve().parents[2]
COUNT = int(os.environ.get("FAULT_COUNT", "0"))


def environment() -> dict[str, str]:
    """Return the environment of a process that works on the test's own database."""
    return {
        **os.environ,
        "DATABASE_URL": database_url(str(connection.settings_dict["NAME"])),
        "DJANGO_SETTINGS_MODULE": "genhub.settings.test",
    }


@contextmanager
def running(log: Path, *arguments: str, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a Python program of the hub on the test's own database and broker until the body ends."""
    with log.open("ab") as out:
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=environment() | more,
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=patience(20))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def worker(queue: str, name: str = "only") -> tuple[str, ...]:
    """Return the arguments of a Celery worker on one queue."""
    return (
        "-m", "celery", "-A", "genhub", "worker", f"--queues={queue}", "--pool=threads", "--concurrency=1",
        f"--hostname={name}-{os.getpid()}@tests", "--without-gossip", "--without-mingle", "--loglevel=INFO",
    )  # fmt: skip


def flower_on(port: int) -> tuple[str, ...]:
    """Return the arguments of Flower."""
    return ("-m", "celery", "-A", "genhub", "flower", "--address=127.0.0.1", f"--port={port}")


LOOPS = ("manage.py", "loops")


def wait_until(is_true: Callable[[], bool], seconds: float, what: str) -> float:
    """Wait for something to become true and return the seconds it took; fail with `what` when it does not.

    `seconds` are those of a usual machine.
    """
    started, most = time.monotonic(), patience(seconds)
    while not is_true():
        assert time.monotonic() - started < most, f"{what} did not happen within {most:.0f} s"
        time.sleep(0.05)
    return time.monotonic() - started
