"""A day of 10^5 orders against ten of them: what each costs that an app, a worker, staff and retention do every day.

What grows with the past is a page, a claim or a sweep that would be slow in a year; sizes tell what a year takes.
"""

import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.test import Client
from django.utils.timezone import now

from credits.audit import audit
from credits.models import Hold
from generation.life import claims
from generation.life.events import place_all
from generation.models import Output, Task
from generation.retention import RULES
from generation.selectors.tasks import PREFIX
from generation.work.run import run_queue
from genhub.embedded.postgres import NAME
from genhub.lib.ids import to_wire
from genhub.retention import turns
from tests.bench import accept, server, shelf, year
from tests.bench.cpu import cpu_here, find_postmaster
from tests.bench.door import Door
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave

SIZES, QUICK_SIZES = {"1 day": 100_000, "10 days": 1_000_000}, {"2 h": 10_000, "1 day": 100_000}
# Calls of each act before the clock is looked at again.
CALLS, ORDERS, BITES, LOOKS = 8, 10, 3, 3
# Orders that wait when the first is claimed.
STOCK = 400
MOST = 1.3
# Who ordered what is copied.
OTHER = f"user{accept.PURSES}"


class Year:
    """One database that holds so many orders of the past."""

    def __init__(self, name: str, tasks: int, door: Door, order: dict[str, Any]) -> None:
        server.copy_database(name)
        self._connection = shelf.connect_to(name)
        self.tasks, self.door = tasks, door
        began = time.monotonic()
        with self.open():
            year.fill(tasks, order)
            self.postmaster = find_postmaster()
            self.staff = Client(HTTP_HOST="127.0.0.1")
            self.staff.force_login(get_user_model().objects.get(username="bench"))
            self.any = Task.objects.order_by("-id").values_list("id", flat=True)[tasks // 2]
        server.say(f"· {tasks} orders written in {time.monotonic() - began:.0f} s")

    @contextmanager
    def open(self) -> Iterator[None]:
        """Make this database the one that the hub reads."""
        with shelf.using(self._connection):
            yield

    def measure(self, act: Callable[["Year"], object], calls: int) -> float:
        """Return the milliseconds of CPU, here and in the database, that an act takes."""
        with self.open():
            began = cpu_here(self.postmaster)
            for _ in range(calls):
                act(self)
            return (cpu_here(self.postmaster) - began) / calls * 1000

    def sizes(self) -> dict[str, Any]:
        """Return the bytes that each task takes, by table and by kind."""
        with self.open(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT relname, pg_table_size(oid), pg_indexes_size(oid) FROM pg_class"
                " WHERE relname = ANY(%s) ORDER BY 1",
                [list(year.TABLES)],
            )
            found = cursor.fetchall()
        return {n: [round(t / self.tasks), round(i / self.tasks)] for n, t, i in found}


def get(path: str, **words: str) -> Callable[[Year], object]:
    """Return what reads a page of an app."""
    address = f"/api/v1/{path}?{urlencode(words)}" if words else f"/api/v1/{path}"
    return lambda year: year.door.get(address)


def look(path: str) -> Callable[[Year], object]:
    """Return what reads a page of staff."""

    def act(year: Year) -> None:
        answer = year.staff.get(path)
        if answer.status_code != 200:
            raise AssertionError(f"{path}: {answer.status_code}")

    return act


def submit(year: Year) -> None:
    year.door.post(accept.GENERATE, accept.order(), str(uuid.uuid4()))


def claim(_: Year) -> None:
    if claims.claim_next("local", worker="bench") is None:
        raise AssertionError("nothing waits")


def sweep(_: Year) -> None:
    """Delete a bite of the oldest events, as the loop does."""
    [rule] = [rule for rule in RULES if rule.name == "events"]
    bite = turns.take_rows(rule, timedelta(minutes=59))
    if bite.gone.rows != turns.MOST_ROWS or bite.failures:
        raise AssertionError(f"{bite} is no whole bite")


def find_nothing(_: Year) -> None:
    """Look for events that are too old, where none is."""
    [rule] = [rule for rule in RULES if rule.name == "events"]
    if turns.take_rows(rule, timedelta(days=400)).gone:
        raise AssertionError("nothing is as old")


def list_pages(day_ago: str) -> dict[str, Callable[[Year], object]]:
    """Return each page that is measured, by what it shows."""
    return {
        "list of a platform": get("tasks", limit="20"),
        "list of a user": get("tasks", limit="20", user="user7"),
        "list by state, none fits": get("tasks", limit="20", status="failed"),
        "list by metadata, none fits": get("tasks", limit="20", **{"metadata.cart": "none"}),
        "list by time": get("tasks", limit="20", since=day_ago, user="user7"),
        "list by request": get("tasks", limit="20", request_id="req-77"),
        "a task": lambda year: year.door.get(f"/api/v1/tasks/{to_wire(PREFIX, year.any)}"),
        "admin: list of tasks": look("/admin/generation/task/"),
        "admin: search": look("/admin/generation/task/?q=user7+golden"),
        "admin: a task": lambda year: look(f"/admin/generation/task/{year.any}/change/")(year),
        "admin: first page": look("/admin/"),
    }


def open_hub() -> tuple[Door, dict[str, Any]]:
    """Let the hub make one order, and return its door and the order's rows by their ids."""
    door, platform, _ = accept.open_shop(past=0)
    get_user_model().objects.create_superuser("bench", password="bench")
    door.post(accept.GENERATE, {**accept.order(OTHER), "width": 128, "height": 128}, "first")
    run_queue("local")
    place_all()
    output = Output.objects.select_related("task").get()
    if output.task.state != "completed":
        raise AssertionError(f"the first order is {output.task.state}")
    hold = Hold.objects.get(reference=output.task_id)
    if hold.captured != year.PRICE:
        raise AssertionError(f"the first order cost {hold.captured}")
    ids = {"task": output.task_id, "artifact": output.artifact_id, "hold": hold.pk}
    return door, ids | {"platform": platform.pk}


def leave() -> None:
    """Close every connection to the database that is copied, and let none be made: a worker's threads come again."""
    own: Any = connections["default"]
    own.close()
    own.close_pool()
    # The copies are read by one connection each.
    own.settings_dict["OPTIONS"].pop("pool")
    with server.connect("postgres") as other:
        other.execute(f"ALTER DATABASE {NAME} ALLOW_CONNECTIONS false")
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [NAME]
        )


def run(*, is_quick: bool) -> Report:
    """Do everything in both databases in turn."""
    door, order = open_hub()
    leave()
    sizes = QUICK_SIZES if is_quick else SIZES
    years = {
        name: Year(f"year_{number}", tasks, door, order)
        for number, (name, tasks) in enumerate(sizes.items())
    }
    small, large = years
    acts: dict[str, tuple[Callable[[Year], object], int]] = {
        "submit": (submit, ORDERS),
        "claim": (claim, ORDERS),
        "sweep of events": (sweep, BITES),
        "sweep that finds nothing": (find_nothing, CALLS),
    }
    day_ago = (now() - timedelta(hours=1, minutes=30)).isoformat()
    acts |= {
        name: (act, LOOKS if name.startswith("admin") else CALLS)
        for name, act in list_pages(day_ago).items()
    }
    patience = (QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS) / len(acts)
    arms: dict[str, Any] = {}
    goals, controls = [], []
    for what, (act, calls) in acts.items():
        for one in years.values():
            one.measure(submit if act is claim else act, STOCK if act is claim else 1)
        found = interleave(
            {name: partial(one.measure, act, calls) for name, one in years.items()},
            rounds=3 if is_quick else 5,
            unit=f"ms of CPU, {what}",
            patience=patience,
        )
        arms |= {f"{what}, {n}": f for n, f in found.summary("ms of CPU").items()}
        goals.append(Goal(f"{what}, {large} / {small}", found.ratios(large, small), most=MOST))
        controls.append(found.control)
    return Report(
        arms=arms,
        goals=goals,
        control=max(controls, key=lambda control: abs(control - 1)),
        facts={
            "bytes_a_task": {name: one.sizes() for name, one in years.items()},
            **{f"after, {name}": examine(one) for name, one in years.items()},
            "scaled_down": is_quick,
        },
    )


def examine(one: Year) -> dict[str, Any]:
    """Return what a sweep leaves behind and what an audit of all takes."""
    with one.open(), connection.cursor() as cursor:
        began = time.monotonic()
        cursor.execute("VACUUM (ANALYZE) generation_event")
        vacuum = time.monotonic() - began
        began = time.monotonic()
        findings = audit()
        took = time.monotonic() - began
    return {"vacuum_s": round(vacuum, 2), "audit_s": round(took, 1), "findings": len(findings)}
