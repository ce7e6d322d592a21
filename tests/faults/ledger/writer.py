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


def main(seed: int, threads: int) -> None:
    django.setup()
    from django.db import connections  # noqa: PLC0415 (only once Django is set up)

    from credits import expiry, ledger  # noqa: PLC0415
    from credits.errors import CreditsProblem  # noqa: PLC0415
    from credits.models import Purse  # noqa: PLC0415

    why = ledger.Why("bank", "a move of the bank test")
    done: Counter[str] = Counter()

    class Writer:
        """One hand that moves credits of random purses, and tells some moves twice."""

        def __init__(self, number: int) -> None:
            self.lot = random.Random(f"{seed}:{number}")
            self.purses = list(Purse.objects.order_by("user").values_list("pk", flat=True))
            self.open: list[tuple[UUID, int]] = []
            self.paid: list[tuple[UUID, int]] = []

        def grant(self) -> None:
            expires_at = datetime.now(UTC) + timedelta(seconds=self.lot.uniform(0.3, 3))
            purse, key = self.lot.choice(self.purses), str(uuid4())
            for _ in range(self.lot.randint(1, 2)):
                ledger.grant(
                    purse, 30, key=key, why=why,
                    expires_at=self.lot.choice([None, expires_at]) if _ == 0 else None,
                )  # fmt: skip

        def hold(self) -> None:
            amount, lifetime = self.lot.randint(1, 40), self.lot.choice([0.5, 3600])
            terms = ledger.Terms(lifetime=timedelta(seconds=lifetime))
            purse = self.lot.choice(self.purses)
            self.open.append((ledger.hold(purse, amount, reference=uuid4(), terms=terms), amount))

        def capture(self) -> None:
            if self.open:
                hold, amount = self.open.pop(self.lot.randrange(len(self.open)))
                part = self.lot.randint(1, amount + 1)
                if paid := ledger.settle(hold, part):
                    self.paid.append((hold, paid))

        def release(self) -> None:
            if self.open:
                ledger.release(self.open.pop()[0])

        def refund(self) -> None:
            if self.paid:
                hold, paid = self.paid.pop(self.lot.randrange(len(self.paid)))
                key = str(uuid4())
                for _ in range(self.lot.randint(1, 2)):
                    ledger.refund(hold, self.lot.choice([paid, 1]) if _ == 0 else paid, key=key, why=why)

        def expire(self) -> None:
            expiry.expire_lots()
            expiry.expire_holds()

        def work(self, seconds: float) -> None:
            acts = [self.grant, self.hold, self.hold, self.capture, self.capture, self.release, self.refund, self.expire]
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                act = self.lot.choice(acts)
                try:
                    act()
                    done[act.__name__] += 1
                except CreditsProblem as problem:
                    done[f"refused {problem.code}"] += 1
                except Exception as error:  # noqa: BLE001 (the test looks at each)
                    done[f"error {error!r}"] += 1
            connections.close_all()

    writers = [Writer(number) for number in range(threads)]
    print("ready", flush=True)  # noqa: T201 (its answer)
    seconds = float(sys.stdin.readline())
    hands = [threading.Thread(target=writer.work, args=(seconds,)) for writer in writers]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    print(json.dumps(done), flush=True)  # noqa: T201 (its answer)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
