"""A thousand orders that wait against a hundred thousand: a claim, and the place of one who waits, cost the same."""

import json
import random
import time
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from django.db import connection

from generation.audit import AUDIT_CHECKS
from generation.life import claims
from generation.models import Account, Attempt, Share
from generation.selectors.line import find_places
from genhub.platforms.models import Platform
from tests.bench import books, server
from tests.bench.elsewhere import Elsewhere
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave
from tests.paid_orders import SPEC
from tests.queued import wait_in

# Orders of each user.
USERS, LINES = 1_000, {"10^3": 1, "10^4": 10, "10^5": 100}
CALLS = 60
# Of who is asked about: none of them is claimed meanwhile.
LAST = 200
# As submitting leaves them, without its triggers: the counters are set below.
ORDERS = """
    INSERT INTO generation_task (id, platform_id, "user", state, model, style, quality, mode, priority, spec, metadata,
                                 num_images, unit_price, price, pricing, error_code, error_params, deadline_at)
    SELECT lpad((n * 1000 + turn)::text, 32, '0')::uuid, %(platform)s, 'user' || n, 'pending', 'z-image-small', '',
           'standard', '', 5, %(spec)s, '{}', 1, 0, 0, '{}', '', '{}', now() + interval '1 day'
      FROM generate_series(1, %(users)s) n, generate_series(1, %(each)s) turn;
    INSERT INTO generation_attempt (id, task_id, number, provider_id, share_id, cost, state, run_at, worker, remote_id,
                                    error_code, error_detail, timings, facts, usage, evidence, suggested)
    SELECT t.id, t.id, 1, %(account)s, s.id, 1, 'queued', now() - interval '1 hour' + random() * interval '1 hour',
           '', '', '', '', '{}', '{}', '{}', '{}', '[]'
      FROM generation_task t JOIN generation_share s USING (platform_id, "user");
    UPDATE generation_share SET waiting = %(each)s, waiting_pictures = %(each)s
"""


class Line(Elsewhere):
    """One database in which so many orders wait, and a connection to it."""

    def __init__(self, name: str, each: int) -> None:
        super().__init__(name)
        began = time.monotonic()
        with self.open():
            platform = Platform.objects.create(code="bench", name="Bench")
            account = Account.objects.create(alias="stub", adapter="stub", queue="local")
            account.offers.create(
                alias="z-image-small", default_width=64, default_height=64, smallest_side=16
            )
            Share.objects.bulk_create(
                Share(queue="local", priority=5, platform=platform, user=f"user{n}")
                for n in range(1, USERS + 1)
            )
            spec = {**SPEC, "media_type": "image", "model": "z-image-small", "negative_prompt": ""}
            values: dict[str, Any] = {"users": USERS, "each": each, "spec": json.dumps(spec)}
            values |= {"platform": platform.pk, "account": account.pk}
            self.account = account
            write_past_triggers(ORDERS, values)
            books.tidy()
            self.orders = Attempt.objects.count()
        self.last: list[uuid.UUID] = []
        server.say(f"· {self.orders} orders written in {time.monotonic() - began:.1f} s")

    def note_last(self) -> None:
        """Note the last order of each of the last users."""
        with self.open():
            waiting = Attempt.objects.filter(state="queued").order_by("-share_id", "-run_at")
            last = waiting.distinct("share_id").values_list("task_id", flat=True)
            self.last = list(last[:LAST])

    def claim(self) -> float:
        """Time a claim, in milliseconds; another order of the same user then waits in its place."""
        with self.open():
            began = time.perf_counter()
            claim = claims.claim_next("local", worker="bench")
            took = (time.perf_counter() - began) * 1000
            assert claim is not None
            wait_in([Share.objects.get(attempts=claim.attempt_id)], self.account)
        return took

    def find_place(self) -> float:
        """Time a look where one of the last stands."""
        task_id = random.choice(self.last)
        with self.open():
            began = time.perf_counter()
            found = find_places([task_id])
            took = (time.perf_counter() - began) * 1000
        assert found[task_id].position > LAST
        return took

    def find_all_places(self) -> float:
        """Time a look where all of them stand, as for those who follow them."""
        with self.open():
            began = time.perf_counter()
            assert len(find_places(self.last)) == LAST
            return (time.perf_counter() - began) * 1000

    def check(self) -> None:
        """Raise unless the shares count what waits."""
        with self.open(), connection.cursor() as cursor:
            cursor.execute(AUDIT_CHECKS["share_counts_its_attempts"].query)
            if found := cursor.fetchall():
                raise AssertionError(f"the shares are wrong: {found}")
            waiting = Attempt.objects.filter(state="queued").count()
            if waiting != self.orders:
                raise AssertionError(f"{waiting} orders wait, not {self.orders}")


def write_past_triggers(statements: str, values: dict[str, Any]) -> None:
    """Write rows in a second that the triggers would count for minutes."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        for statement in statements.split(";\n"):
            cursor.execute(statement, values)
        cursor.execute("SET session_replication_role = origin")


def run(*, is_quick: bool) -> Report:
    """Measure claims and places in both lines in turn; in the end their counters are right."""
    rounds = 3 if is_quick else 5
    large = "10^4" if is_quick else "10^5"
    names = ("10^3", large)
    lines = {name: Line(f"line_{number}", LINES[name]) for number, name in enumerate(names)}
    patience = (QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS) / 3
    # Of the last, what their users' own lines hold is read too: up to a bound that is far away here.
    measures: dict[str, tuple[Callable[[Line], float], float]] = {
        "claim": (Line.claim, 1.3),
        "place of one": (Line.find_place, 1.5),
        f"places of {LAST}": (Line.find_all_places, 2.5),
    }
    arms: dict[str, Any] = {}
    goals, controls = [], []
    for what, (act, most) in measures.items():
        for line in lines.values():
            line.note_last()
        turns = {name: partial(act, lines[name]) for name in names}
        figures = interleave(
            turns, rounds=rounds, unit=f"ms, {what}", calls=CALLS, patience=patience
        )
        arms |= {f"{what} at {name}": found for name, found in figures.summary("ms").items()}
        goals.append(Goal(f"{what}, {large} / 10^3", figures.ratios(large, "10^3"), most=most))
        controls.append(figures.control)
    for line in lines.values():
        line.check()
    return Report(
        arms=arms,
        goals=goals,
        control=max(controls, key=lambda control: abs(control - 1)),
        facts={
            "orders": {name: line.orders for name, line in lines.items()},
            "users": USERS,
            "synchronous_commit": "off",
            "scaled_down": is_quick,
        },
    )
