"""An order accepted: through the hub's own stack, through a plain DRF + ORM reference, and as bare statements.

Both doors run in this process and write the same rows into the same books, which are proved in the end. What counts is
CPU time, that of the database's processes included.
"""

import random
import uuid
from collections.abc import Callable
from typing import Any

from django.test import override_settings

from credits.tariffs import seed_price_rules
from generation.models import Account, Task
from genhub.platforms.models import ApiKey, Platform
from tests.bench import books, history, pgbench
from tests.bench.accept_reference import PATH
from tests.bench.cpu import cpu_here, find_postmaster
from tests.bench.door import Door, pool_connections
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave
from tests.bench.recorded import Recorder, write_script

GENERATE = "/api/v1/generate"
PURSES, PAST = 1_000, 20_000
ORDERS, QUICK_ORDERS = 200, 60
WARM = 40
MOST_STATEMENTS, MOST_COMMITS = 8, 1
LEAST_OF_REFERENCE, LEAST_OF_BARE = 4.0, 0.35


def open_shop(*, past: int = PAST) -> tuple[Door, Platform, ApiKey]:
    """Write what a hub has before its first order: customers with credits, prices, and a model that is offered."""
    books.fill(PURSES)
    platform = Platform.objects.get()
    account = Account.objects.create(alias="stub", adapter="stub", queue="local")
    account.offers.create(alias="z-image-small", default_negative_prompt="blurry")
    seed_price_rules()
    if past:
        history.fill(platform, account, past, users=PURSES)
    row, key = ApiKey.objects.issue(platform, name="bench")
    pool_connections()
    return Door(key), platform, row


def order(user: str = "") -> dict[str, Any]:
    """Return an order as apps send them."""
    return {
        "user": user or f"user{random.randint(1, PURSES)}",
        "prompt": "a red circle on a blue background, watercolour, soft light",
        "negative_prompt": "text",
        "width": 512,
        "height": 512,
        "steps": 8,
        "seed": 7,
        "metadata": {"cart": "4711", "shelf": "b"},
    }


def record(door: Door, kept: set[uuid.UUID]) -> tuple[str, int, int]:
    """Return one order's statements as a script, how many there are, and how often it commits."""
    # Her first order opens her place in the queue: no order after it does.
    door.post(GENERATE, order("user1"), str(uuid.uuid4()))
    recorder = Recorder()
    recorder.record(lambda: door.post(GENERATE, order("user1"), str(uuid.uuid4())))
    texts = [text for text, _ in recorder.steps]
    statements = [text for text in texts if text not in {"BEGIN", "COMMIT"}]
    script = write_script(
        recorder.steps, purse=books.purse_id(1), purses=PURSES, kept=kept, user="user1"
    )
    return script, len(statements), texts.count("COMMIT")


def run(*, is_quick: bool) -> Report:
    """Take orders at both doors and run their statements bare, in turn; the books are proved in the end."""
    orders = QUICK_ORDERS if is_quick else ORDERS
    door, platform, key = open_shop()
    postmaster = find_postmaster()

    def accept(path: str, number: int = orders) -> float:
        began = cpu_here(postmaster)
        for _ in range(number):
            door.post(path, order(), str(uuid.uuid4()))
        return number / (cpu_here(postmaster) - began)

    with override_settings(ROOT_URLCONF="tests.bench.accept_reference"):
        for path in (GENERATE, PATH):
            accept(path, WARM)
        script, statements, commits = record(door, {platform.pk, key.pk})
        flow = pgbench.Flow(pgbench.write(script), 1, 1, "simple")

        def run_bare() -> float:
            began, before = cpu_here(postmaster), Task.objects.count()
            flow.run("public")
            return (Task.objects.count() - before) / (cpu_here(postmaster) - began)

        arms: dict[str, Callable[[], float]] = {
            "hub": lambda: accept(GENERATE),
            "reference": lambda: accept(PATH),
            "pgbench": run_bare,
        }
        found = interleave(
            arms,
            rounds=3 if is_quick else 7,
            unit="orders per CPU-second",
            patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
        )
    # As autovacuum does in a minute: without it the audit is planned for the books as they were.
    books.tidy()
    books.check()
    return Report(
        arms=found.summary("orders per CPU-second"),
        goals=[
            Goal("hub / reference", found.ratios("hub", "reference"), least=LEAST_OF_REFERENCE),
            Goal("hub / pgbench", found.ratios("hub", "pgbench"), least=LEAST_OF_BARE),
            Goal("statements", [float(statements)] * 2, most=MOST_STATEMENTS),
            Goal("commits", [float(commits)] * 2, most=MOST_COMMITS),
        ],
        control=found.control,
    )
