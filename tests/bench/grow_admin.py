"""Staff's pages over a million tasks of a month: what each sends to the database, what that reads, how long it takes.

A page sends at most twenty statements, counts no large table and reads few of its rows. How long it took, and the CPU
that it took here and in the database, is told and judged by nobody: it is another machine's.
"""

import json
import statistics
import time
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from credits.models import Hold, Purse, Transfer
from generation import closing
from generation.models import Account, Task
from genhub.admin.paging import MOST_PAGES
from genhub.platforms.models import Platform
from genhub.users.models import User
from storage.models import Artifact
from tests.bench import books, server
from tests.bench.cpu import cpu_here, find_postmaster
from tests.bench.measure import Goal, Report
from tests.bench.month import fill_month
from tests.bench.shelf import connect_to, using

TASKS, QUICK_TASKS = 1_000_000, 100_000
USERS = 1_000
MOST_STATEMENTS, MOST_ROWS, GOAL_MS = 20, 5_000, 300
LOOKS = 5
# What these add up of days that are over is read from sums, of today and the last 24 hours from rows: of each order
# from its attempt, its task and its hold.
SUMMED = {
    "overview",
    "list Costs",
    "generation_costs, last page",
    *(f"figures of {days}" for days in (1, 7, 30)),
    *(f"costs of {days}" for days in (1, 7, 30, 90)),
}
MOST_OF_A_DAY, DAYS = 4, 30
# The last page of a list, also of one that is narrowed to every twentieth row.
DEEP, MOST_DEEP_ROWS = "last page", 50_000
# Whatever staff look for: USER is one of them.
TASK_LISTS = (
    {"q": "star 77777"}, {"q": "USER"}, {"state__exact": "failed"}, {"state__exact": "processing"}, {"error_code": "vendor_away"},
)  # fmt: skip
# Tables with a row or more for each task.
LARGE = (
    "generation_task", "generation_attempt", "generation_event", "generation_output", "generation_tasktext",
    "storage_artifact", "credits_hold", "credits_transfer",
)  # fmt: skip


def list_pages() -> Iterator[tuple[str, str]]:
    """Yield each page's name and address: every list, a row of what grows, the first page and what counts a time."""
    admin.autodiscover()
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        yield f"list {model.__name__}", reverse(name)
    tasks, task = reverse("admin:generation_task_changelist"), Task.objects.order_by("-id")[500]
    rows: tuple[Any, ...] = (
        task,
        Artifact.objects.order_by("-id")[500],
        Hold.objects.order_by("-id")[500],
        Transfer.objects.order_by("-id")[500],
        Purse.objects.get(user=task.user),
    )
    for row in rows:
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}"
        yield f"page {type(row).__name__}", reverse(f"{name}_change", args=[row.pk])
        yield f"history {type(row).__name__}", reverse(f"{name}_history", args=[row.pk])
    whose = {"platform": task.platform.code, "user": task.user}
    yield "customer", f"{reverse('admin:generation_task_customers')}?{urlencode(whose)}"
    yield "overview", reverse("admin:index")
    for words in TASK_LISTS:
        asked = {name: task.user if word == "USER" else word for name, word in words.items()}
        yield f"tasks {words}", f"{tasks}?{urlencode(asked)}"
    for name in (
        "credits_transfer",
        "credits_hold",
        "storage_artifact",
        "generation_costs",
        "generation_task",
    ):
        yield (
            f"{name}, {DEEP}",
            f"{reverse(f'admin:{name}_changelist')}?{urlencode({'p': MOST_PAGES})}",
        )
    canceled = {"state__exact": "canceled", "p": MOST_PAGES}
    yield f"tasks that were canceled, {DEEP}", f"{tasks}?{urlencode(canceled)}"
    yield "Ctrl+K", f"{reverse('admin:search')}?{urlencode({'s': 'star 77777', 'extended': 1})}"
    for days in (1, 7, 30):
        yield f"figures of {days}", f"{reverse('admin:generation_task_figures')}?days={days}"
    for days in (1, 7, 30, 90):
        yield f"costs of {days}", f"{reverse('admin:generation_costs_changelist')}?days={days}"


def look(client: Client, address: str, postmaster: int) -> tuple[list[str], float, float]:
    """Return the statements of a page, the milliseconds that it took the next times, and those of CPU."""
    with CaptureQueriesContext(connection) as sent:
        answer = client.get(address)
    # The next request forgets them.
    statements = [one["sql"] for one in sent]
    if answer.status_code != 200:
        raise AssertionError(f"{address}: {answer.status_code}")
    took, spent = [], cpu_here(postmaster)
    for _ in range(LOOKS):
        began = time.perf_counter()
        client.get(address)
        took.append(1000 * (time.perf_counter() - began))
    spent = 1000 * (cpu_here(postmaster) - spent) / LOOKS
    return statements, round(statistics.median(took), 1), round(spent, 1)


def rows_read(statement: str) -> int:
    """Return how many rows of large tables a statement reads, whichever way."""
    if not statement.startswith("SELECT") and "FROM" not in statement:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}")
        [(plan,)] = cursor.fetchall()
    tree = plan if isinstance(plan, list) else json.loads(plan)
    return count_read(tree[0]["Plan"])


def count_read(node: Mapping[str, Any]) -> int:
    """Return the rows that a plan's node, and those below it, took from large tables."""
    own = 0
    if node.get("Relation Name") in LARGE:
        passed = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
        own = int(passed * node["Actual Loops"])
    return own + sum(count_read(child) for child in node.get("Plans", ()))


def judge(statements: list[str]) -> dict[str, Any]:
    """Return how many statements a page sends, and the most rows of large tables that one of them reads."""
    reads = [
        (rows_read(one), one[:160]) for one in statements if any(table in one for table in LARGE)
    ]
    most, which = max(reads, default=(0, ""))
    return {"statements": len(statements), "rows": most, "which": which if most > MOST_ROWS else ""}


def goal(how: str, pages: Mapping[str, Mapping[str, Any]], most: float) -> Goal:
    """Return how many rows the worst of some pages reads, and how many that may be."""
    worst = max(pages, key=lambda name: pages[name]["rows"])
    return Goal(f"rows read {how}: {worst}", [float(max(pages[worst]["rows"], 1))] * 2, most=most)


def run(*, is_quick: bool) -> Report:
    """Write the month, then open each page."""
    server.copy_database("admin")
    number = QUICK_TASKS if is_quick else TASKS
    with using(connect_to("admin")):
        books.fill(USERS)
        platform = Platform.objects.get()
        account = Account.objects.create(alias="stub", adapter="stub", queue="local")
        account.offers.create(alias="z-image-small")
        fill_month(platform, account, number, users=USERS)
        server.say(f"· {number} tasks written")
        began = time.perf_counter()
        while closing.close_days():
            pass
        server.say(f"· days closed in {time.perf_counter() - began:.1f} s")
        postmaster = find_postmaster()
        client = Client(HTTP_HOST="127.0.0.1")
        client.force_login(User.objects.create_superuser("carol"))
        found: dict[str, dict[str, Any]] = {}
        for name, address in list_pages():
            statements, took_ms, cpu_ms = look(client, address, postmaster)
            found[name] = {"ms": took_ms, "cpu_ms": cpu_ms, **judge(statements)}
            server.say(f"· {name}: {found[name]}")
    sums = {name: one for name, one in found.items() if name in SUMMED}
    deep = {name: one for name, one in found.items() if name.endswith(DEEP) and name not in SUMMED}
    lists = {name: one for name, one in found.items() if name not in {*sums, *deep}}
    return Report(
        arms={"ms of a page": {name: one["ms"] for name, one in found.items()}},
        goals=[
            Goal("statements of a page", [float(max(one["statements"] for one in found.values()))] * 2, most=float(MOST_STATEMENTS)),
            goal("at once", lists, MOST_ROWS),
            goal("by the last pages", deep, MOST_DEEP_ROWS),
            goal("of a day", sums, MOST_OF_A_DAY * number / DAYS),
        ],
        control=1.0,
        facts={
            "tasks": number,
            "goal_ms": GOAL_MS,
            "slower": {name: one["ms"] for name, one in found.items() if one["ms"] > GOAL_MS},
            "pages": found,
            "scaled_down": is_quick,
        },
    )  # fmt: skip
