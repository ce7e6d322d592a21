"""One process of writers at the bank: `python -m tests.faults.ledger.writer SEED THREADS`.

It says `ready`, works for as many seconds as the first line says, and prints how often it did what.
"""

import json
import random
import sys
import threading
import time
from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import django

if __name__ == "__main__":
    # Before the imports below, which are of models.
    django.setup()

from django.db import connections

from credits import expiry, ledger
from credits.errors import CreditsProblem
from credits.models import Purse

WHY = ledger.Why("bank", "a move of the bank test")


class Writer:
    """One hand that moves credits of random purses, and tells some moves twice."""

    def __init__(self, seed: str) -> None:
        self.lot = random.Random(seed)
        self.purses = list(Purse.objects.order_by("user").values_list("pk", flat=True))
        self.open: list[tuple[UUID, int]] = []
        self.paid: list[tuple[UUID, int]] = []
        self.done: Counter[str] = Counter()

    def work(self, seconds: float) -> None:
        """Do one thing after another until the time is over."""
        acts = [
            self.grant,
            self.hold,
            self.hold,
            self.capture,
            self.capture,
            self.release,
            self.refund,
            self.expire,
        ]
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            act = self.lot.choice(acts)
            try:
                act()
                self.done[act.__name__] += 1
            except CreditsProblem as problem:
                self.done[f"refused {problem.code}"] += 1
            except Exception as error:  # noqa: BLE001 (the test looks at each)
                self.done[f"error {error!r}"] += 1
        connections.close_all()

    def grant(self) -> None:
        """Put credits in that expire soon, or never; told once or twice."""
        soon = datetime.now(UTC) + timedelta(seconds=self.lot.uniform(0.3, 3))
        purse, key, expires_at = (
            self.lot.choice(self.purses),
            str(uuid4()),
            self.lot.choice([None, soon]),
        )
        for _ in range(self.lot.randint(1, 2)):
            ledger.grant(purse, 30, key=key, why=WHY, expires_at=expires_at)

    def hold(self) -> None:
        """Hold something, now and then for half a second only."""
        amount, lifetime = self.lot.randint(1, 40), timedelta(seconds=self.lot.choice([0.5, 3600]))
        hold = ledger.hold(
            self.lot.choice(self.purses),
            amount,
            reference=uuid4(),
            terms=ledger.Terms(lifetime=lifetime),
        )
        self.open.append((hold, amount))

    def capture(self) -> None:
        """Capture a part of a hold, all of it, or one credit more than it holds."""
        if self.open:
            hold, amount = self.open.pop(self.lot.randrange(len(self.open)))
            if paid := ledger.settle(hold, self.lot.randint(1, amount + 1)):
                self.paid.append((hold, paid))

    def release(self) -> None:
        """Give a hold back."""
        if self.open:
            ledger.release(self.open.pop()[0])

    def refund(self) -> None:
        """Refund all that was paid or one credit; told once or twice."""
        if self.paid:
            hold, paid = self.paid.pop(self.lot.randrange(len(self.paid)))
            amount, key = self.lot.choice([paid, 1]), str(uuid4())
            for _ in range(self.lot.randint(1, 2)):
                ledger.refund(hold, amount, key=key, why=WHY)

    def expire(self) -> None:
        """Do what the loops do."""
        expiry.expire_lots()
        expiry.expire_holds()


def main(seed: int, threads: int) -> None:
    """Let all hands of this process work at the same time."""
    writers = [Writer(f"{seed}:{number}") for number in range(threads)]
    print("ready", flush=True)  # noqa: T201 (its answer)
    seconds = float(sys.stdin.readline())
    hands = [threading.Thread(target=writer.work, args=(seconds,)) for writer in writers]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    done = sum((writer.done for writer in writers), Counter[str]())
    print(json.dumps(done), flush=True)  # noqa: T201 (its answer)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
