"""Processes and threads that hold and settle through Python: `python -m tests.bench.hands THREADS PURSES`.

Each process says `ready`, and for each line it reads, a number of seconds, works so long and answers how much it did.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


class Hands:
    """The processes, seen from the benchmark."""

    def __init__(self, processes: list[subprocess.Popen[str]]) -> None:
        self._processes = processes

    def run(self, seconds: float) -> float:
        """Let all of them work at the same time and return the orders per second of all together."""
        with ThreadPoolExecutor(len(self._processes)) as pool:
            return sum(pool.map(lambda process: self._ask(process, seconds), self._processes))

    def _ask(self, process: subprocess.Popen[str], seconds: float) -> float:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{seconds}\n")
        process.stdin.flush()
        return float(json.loads(process.stdout.readline()))


@contextmanager
def working(processes: int, threads: int, purses: int) -> Iterator[Hands]:
    """Start the processes and end them after the block."""
    command = [sys.executable, "-m", "tests.bench.hands", str(threads), str(purses)]
    hands = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ,
        )
        for _ in range(processes)
    ]
    try:
        for hand in hands:
            assert hand.stdout
            assert hand.stdout.readline() == "ready\n"
        yield Hands(hands)
    finally:
        for hand in hands:
            hand.kill()
            hand.wait()


def main(threads: int, purses: int) -> None:
    """Work whenever a line says so."""
    import django  # noqa: PLC0415

    django.setup()
    from django.db import connection  # noqa: PLC0415 (only once Django is set up)

    from credits import ledger  # noqa: PLC0415
    from tests.bench.books import PRICE, purse_id  # noqa: PLC0415

    def work(seconds: float) -> float:
        began = time.perf_counter()
        done = 0
        while time.perf_counter() - began < seconds:
            hold = ledger.hold(purse_id(random.randint(1, purses)), PRICE, reference=uuid.uuid4())
            ledger.settle(hold, PRICE)
            done += 1
        return done / (time.perf_counter() - began)

    gate = threading.Barrier(threads)

    def begin(_: int) -> None:
        gate.wait()
        connection.ensure_connection()

    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(begin, range(threads)))
        print("ready", flush=True)  # noqa: T201 (its answer)
        for line in sys.stdin:
            rates = pool.map(work, [float(line)] * threads)
            print(json.dumps(sum(rates)), flush=True)  # noqa: T201 (its answer)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
