"""Apps that poll: what one look at a task costs stays the same, however many tasks there are and whoever asks.

Each look is at another task of another user, as a thousand apps would take it.
"""

from tests.bench import server
from tests.bench.measure import (
    PATIENCE_SECONDS,
    QUICK_PATIENCE_SECONDS,
    Arm,
    Goal,
    Report,
    interleave,
)
from tests.bench.shelf import Shop

FEW, MANY = 1_000, 100_000
LOOKS, QUICK_LOOKS = 200, 80
MOST = 1.15


def run(*, is_quick: bool) -> Report:
    """Look at tasks in a small hub and in a large one, in turn; at the large one's also with what is known already."""
    number = QUICK_LOOKS if is_quick else LOOKS
    few, many = Shop("few", FEW), Shop("many", MANY)
    paths = {
        shop: [f"/api/v1/tasks/{one}" for one in shop.draw_tasks(number)] for shop in (few, many)
    }
    status = [f"{path}/status" for path in paths[many]]
    with many.open():
        _, headers, _ = many.door.ask("GET", paths[many][0])
    tag = headers.get("ETag", "")
    arms: dict[str, Arm] = {
        "10^3": lambda: few.time(paths[few]),
        "10^5": lambda: many.time(paths[many]),
        "10^5, status": lambda: many.time(status),
    }
    if tag:
        same = [paths[many][0]] * number
        arms["10^5, unchanged"] = lambda: many.time(same, **{"If-None-Match": tag})
    else:
        server.say("· tasks have no ETag")
    for arm in arms.values():
        arm()
    found = interleave(
        arms,
        rounds=3 if is_quick else 7,
        unit="ms of CPU",
        patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
    )
    return Report(
        arms=found.summary("ms of CPU"),
        goals=[Goal("10^5 / 10^3", found.ratios("10^5", "10^3"), most=MOST)],
        control=found.control,
        facts={"tasks": {"10^3": few.tasks, "10^5": many.tasks}, "has_etag": bool(tag)},
    )
