"""Pages of a platform's tasks: the first, the middle and the last of a million cost the same, and none counts rows."""

from base64 import b64encode
from urllib.parse import urlencode

from django.db import connection
from django.test.utils import CaptureQueriesContext

from generation.models import Task
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave
from tests.bench.shelf import Shop

TASKS, QUICK_TASKS = 1_000_000, 100_000
LIMIT = 20
PAGES, QUICK_PAGES = 40, 15
MOST = 1.3


def page_after(shop: Shop, depth: int) -> str:
    """Return the address of the page that begins so many tasks below the newest one."""
    with shop.open():
        above = Task.objects.order_by("-id").values_list("id", flat=True)[depth - 1]
    cursor = b64encode(urlencode({"p": str(above)}).encode()).decode()
    return f"/api/v1/tasks?{urlencode({'limit': LIMIT, 'cursor': cursor})}"


def check(shop: Shop, path: str) -> int:
    """Raise where a page counts rows, or is not full; return how many statements it sends."""
    with shop.open():
        with CaptureQueriesContext(connection) as sent:
            content = shop.door.get(path)
        texts = [one["sql"] for one in sent]
    if content.count(b'"check_status_url"') != LIMIT:
        raise AssertionError(f"{path} is not full: {content[:500]!r}")
    # What tells whether a remembered table has changed counts a handful of rows.
    if counting := [
        text for text in texts if "count(" in text.lower() and "generation_task" in text
    ]:
        raise AssertionError(f"{path} counts rows: {counting}")
    return len(texts)


def run(*, is_quick: bool) -> Report:
    """Read the three pages in turn."""
    number = QUICK_PAGES if is_quick else PAGES
    shop = Shop("tasks", QUICK_TASKS if is_quick else TASKS)
    pages = {
        "first": f"/api/v1/tasks?limit={LIMIT}",
        "middle": page_after(shop, shop.tasks // 2),
        "last": page_after(shop, shop.tasks - LIMIT),
    }
    statements = {name: check(shop, path) for name, path in pages.items()}
    found = interleave(
        {
            "first": lambda: shop.time([pages["first"]] * number),
            "middle": lambda: shop.time([pages["middle"]] * number),
            "last": lambda: shop.time([pages["last"]] * number),
        },
        rounds=3 if is_quick else 7,
        unit="ms of CPU",
        patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
    )
    return Report(
        arms=found.summary("ms of CPU"),
        goals=[
            Goal(f"{name} / first", found.ratios(name, "first"), most=MOST)
            for name in ("middle", "last")
        ],
        control=found.control,
        facts={"tasks": shop.tasks, "statements": statements, "scaled_down": is_quick},
    )
