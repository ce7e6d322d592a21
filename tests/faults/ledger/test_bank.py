"""The bank test, after Jepsen: many writers move credits among twenty purses while readers sum everything.

Every read is one snapshot. In each, every purse is what its transfers say, nothing is negative, and what is left is
what was issued less what was earned and what expired. Writers are killed (-9) in the middle of it.
"""

import json
import random
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, connections, transaction

from credits import ledger
from credits.models import Transfer
from genhub.platforms.models import Platform
from tests.books import find_mistakes
from tests.faults.processes import COUNT, ROOT, environment
from tests.patience import patience

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]
PURSES, READERS = 20, 4
# Together 32 writers.
PROCESSES, THREADS = (8, 4) if COUNT else (2, 16)
SECONDS = 60.0 if COUNT else 5.0
DEATHS = 8 if COUNT else 1
WHY = ledger.Why("bank", "the bank opens")

PURSE_SUMS = """
    SELECT p.available, p.held, coalesce(t.available, 0), coalesce(t.held, 0)
      FROM credits_purse p
      LEFT JOIN (SELECT purse_id,
                        sum(CASE 'available' WHEN target THEN amount WHEN source THEN -amount ELSE 0 END) AS available,
                        sum(CASE 'held' WHEN target THEN amount WHEN source THEN -amount ELSE 0 END) AS held
                   FROM credits_transfer GROUP BY purse_id) t ON t.purse_id = p.id
"""
ACCOUNT_SUMS = """
    SELECT account, sum(amount)::bigint
      FROM (SELECT target AS account, amount FROM credits_transfer
            UNION ALL SELECT source, -amount FROM credits_transfer) AS sides
     GROUP BY account
"""


class Reader(threading.Thread):
    """Reads the whole bank in one snapshot after another, and keeps what was wrong."""

    def __init__(self, stop: threading.Event) -> None:
        super().__init__()
        self.stop = stop
        self.reads = 0
        self.wrong: list[Any] = []

    def run(self) -> None:
        while not self.stop.is_set():
            self.read()
            self.reads += 1
        connections.close_all()

    def read(self) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            cursor.execute(PURSE_SUMS)
            purses = cursor.fetchall()
            cursor.execute(ACCOUNT_SUMS)
            accounts = Counter(dict(cursor.fetchall()))
        self.wrong += [row for row in purses if row[:2] != row[2:] or min(row) < 0]
        left = sum(available + held for available, held, _, _ in purses)
        # Issued is negative: what it gave. Exposure paid into revenue for the customer, not from a purse.
        due = -accounts["issued"] - accounts["revenue"] - accounts["expired"] - accounts["exposure"]
        if len(purses) != PURSES or left != due:
            self.wrong.append((left, due, dict(accounts)))


class Writers:
    """The writers' processes; in the place of each that is killed works one that stood by."""

    def __init__(self, seed: int, log: Path) -> None:
        self.lot = random.Random(seed)
        self.log = log
        self.killed = 0
        self.working: list[subprocess.Popen[str]] = []
        self.waiting = [self._start() for _ in range(PROCESSES + DEATHS)]
        for process in self.waiting:
            assert process.stdout
            assert process.stdout.readline() == "ready\n", log.read_text()[-3000:]
        self.end_at = time.monotonic() + SECONDS
        while len(self.working) < PROCESSES:
            self._send_next()

    def _start(self) -> subprocess.Popen[str]:
        words = [str(self.lot.randrange(2**31)), str(THREADS)]
        with self.log.open("a") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "tests.faults.ledger.writer", *words],
                cwd=ROOT, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip

    def _send_next(self) -> None:
        process = self.waiting.pop()
        assert process.stdin
        process.stdin.write(f"{self.end_at - time.monotonic()}\n")
        process.stdin.flush()
        self.working.append(process)

    def kill_one(self) -> None:
        """Kill any of them while it works, and let another begin."""
        victim = self.working.pop(self.lot.randrange(PROCESSES))
        assert victim.poll() is None, "the writer ended before it was killed"
        victim.kill()
        assert victim.wait() == -9
        self.killed += 1
        self._send_next()

    def finish(self) -> Counter[str]:
        """Wait for all and return what they did."""
        done: Counter[str] = Counter()
        for process in self.working:
            out, _ = process.communicate(timeout=SECONDS + patience(60))
            done.update(json.loads(out))
        return done

    def end(self) -> None:
        for process in [*self.working, *self.waiting]:
            process.kill()
            process.wait()


def test_every_read_of_the_bank_sums_right(shop: Platform, seed: int, tmp_path: Path) -> None:
    for number in range(PURSES):
        purse = ledger.open_purse(shop.pk, f"user{number:02}").pk
        ledger.grant(purse, 300, key=f"{number}", why=WHY)
    stop = threading.Event()
    readers = [Reader(stop) for _ in range(READERS)]
    writers = Writers(seed, tmp_path / "writers.log")
    try:
        for reader in readers:
            reader.start()
        for _ in range(DEATHS):
            time.sleep(0.8 * SECONDS / (DEATHS + 1))
            writers.kill_one()
        done = writers.finish()
    finally:
        stop.set()
        writers.end()
        for reader in readers:
            reader.join()
    assert [row for reader in readers for row in reader.wrong] == []
    assert {word: count for word, count in done.items() if word.startswith("error")} == {}
    assert all(reader.reads > 0 for reader in readers)
    assert writers.killed == DEATHS
    moves = Counter(Transfer.objects.values_list("kind", flat=True))
    kinds = {"grant", "hold", "capture", "release", "refund", "expire", "overrun"}
    assert set(moves) == kinds, f"not everything happened: {moves}"
    print(f"{sum(reader.reads for reader in readers)} reads, {dict(moves)}")  # noqa: T201 (with -s)
    for row in open_holds():
        ledger.release(row)
    assert find_mistakes() == []


def open_holds() -> list[Any]:
    """Return the holds that the end of the test left open: no task stands behind them."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT id FROM credits_hold WHERE state = 'open'")
        return [row[0] for row in cursor.fetchall()]
