"""What a picture of a vendor costs each part of a whole hub: CPU, rows, write-ahead log, bytes put, a webhook.

The vendor answers at once with 1.8 MB of base64, and is a process of its own, as is who takes the webhooks.
"""

import json
import time
from typing import Any

from tests.bench import child, remote_hub, vendor
from tests.bench.cpu import cpu_of, list_children
from tests.bench.measure import Goal, Report
from tests.bench.remote_hub import RemoteHub
from tests.bench.server import say
from tests.faults.operate.strikes import PARTS

FULL, QUICK = (60, 3), (12, 2)
# All parts together: twice what the page of the handbook counts with.
MOST_MS = 500.0
LISTEN = """
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints
endpoints.create(Platform.objects.get(code="bench").pk, url={url!r}, events=["task.completed"])
"""
LOOK = """
import json
from django.db import connection
def read(text):
    with connection.cursor() as cursor:
        cursor.execute(text)
        return cursor.fetchall()
rows = read("SELECT relname, n_tup_ins, n_tup_upd FROM pg_stat_user_tables WHERE n_tup_ins + n_tup_upd > 0")
print(json.dumps({
    "rows": {name: [added, changed] for name, added, changed in rows},
    "wal": int(read("SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0')")[0][0]),
    "bytes": int(read("SELECT coalesce(sum(size_bytes), 0) FROM storage_artifact")[0][0]),
    "told": int(read("SELECT count(*) FROM webhooks_delivery WHERE state = 'delivered'")[0][0]),
}))
"""


def look(hub: RemoteHub) -> dict[str, Any]:
    """Return what the database has counted so far; sessions tell their rows when they are idle for a second."""
    time.sleep(2)
    found: dict[str, Any] = json.loads(hub.hub.shell(LOOK))
    return found


def read_cpu(hub: RemoteHub) -> dict[str, float]:
    """Return the seconds of CPU of each part so far."""
    pids = {part: find(hub.hub) or 0 for part, find in PARTS.items()}
    return {part: cpu_of(pid, *list_children(pid)) for part, pid in pids.items()}


def rest(hub: RemoteHub, seconds: float) -> dict[str, float]:
    """Return the CPU that each part takes in so many seconds without an order."""
    before = read_cpu(hub)
    time.sleep(seconds)
    return {part: cpu - before[part] for part, cpu in read_cpu(hub).items()}


def measure(hub: RemoteHub, number: int) -> tuple[dict[str, float], float]:
    """Let so many be made; return the milliseconds of CPU that each part took for one, and the seconds for all."""
    before, began = read_cpu(hub), time.monotonic()
    hub.make_many("bench", number)
    took = time.monotonic() - began
    after = read_cpu(hub)
    return {part: (after[part] - before[part]) / number * 1000 for part in after}, took


def run(*, is_quick: bool) -> Report:
    """Make pictures in rounds, and count what they left."""
    number, rounds = QUICK if is_quick else FULL
    with child.running("tests.bench.receivers", "1", "0") as receivers, vendor.running() as seller:
        [port] = receivers.facts["fast"]
        settings = {"WEBHOOK_HOSTS": f"127.0.0.1:{port}"}
        with remote_hub.running(seller, [remote_hub.Model("bench")], settings) as hub:
            hub.make_many("bench", remote_hub.HANDS)
            bare, _ = measure(hub, number)
            say(f"· without webhooks: {bare}")
            hub.hub.shell(LISTEN.format(url=f"http://127.0.0.1:{port}/hook"))
            before = look(hub)
            found = []
            for turn in range(rounds):
                found.append(measure(hub, number))
                say(f"· round {turn + 1}: {found[-1]}")
            after = look(hub)
            idle = rest(hub, 20)
    pictures = number * rounds
    costs = {part: sorted(cpu[part] for cpu, _ in found)[len(found) // 2] for part in PARTS}
    whole = [sum(cpu.values()) for cpu, _ in found]
    rows = {
        name: [
            round((now - then) / pictures, 2)
            for now, then in zip(counts, before["rows"].get(name, [0, 0]), strict=True)
        ]
        for name, counts in after["rows"].items()
    }
    return Report(
        arms={part: {"median": round(ms, 1), "unit": "ms of CPU a picture"} for part, ms in costs.items()},
        goals=[Goal("ms of CPU a picture, all parts", whole, most=MOST_MS)],
        control=whole[0] / whole[-1],
        facts={
            "pictures": pictures,
            "pictures_a_second": round(pictures / sum(took for _, took in found), 2),
            "without_webhooks_ms": {part: round(ms, 1) for part, ms in bare.items()},
            "idle_cores": {part: round(cpu / 20, 4) for part, cpu in idle.items()},
            "wal_bytes_a_picture": round((after["wal"] - before["wal"]) / pictures),
            "stored_bytes_a_picture": round((after["bytes"] - before["bytes"]) / pictures),
            "webhooks_a_picture": round((after["told"] - before["told"]) / pictures, 2),
            "rows_added_changed_a_picture": {name: n for name, n in sorted(rows.items()) if max(n) >= 0.5},
            "scaled_down": is_quick,
        },
    )  # fmt: skip
