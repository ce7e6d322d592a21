"""A million pictures that orders may find: what a process and the broker's server hold of them, and what a look costs.

The rows are the cache itself; what is at hand only leads to them. So a process holds a hundred leads however many there
are, the server forgets each within an hour, and an order finds one of a million as it finds one of a thousand.
"""

import gc
import os
import random
import uuid
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import override_settings

from generation.models import Account
from generation.selectors import drawn
from genhub.lib import throttle
from genhub.platforms.models import Platform
from tests.bench import books, history, server
from tests.bench.cpu import cpu_here, find_postmaster, resident_kib
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave
from tests.bench.shelf import connect_to, using

ENTRIES, QUICK_ENTRIES, FEW = 1_000_000, 100_000, 1_000
LOOKS, QUICK_LOOKS = 200, 60
MOST_SLOWER = 1.3
# What a process may grow by while all of them pass through it: its heap's own moods.
MOST_GROWN_MIB, MOST_BYTES_IN_SERVER = 8.0, 300.0
SAMPLES = 100
TASKS = """
    INSERT INTO generation_task
           (id, platform_id, "user", state, model, style, quality, mode, priority, spec, metadata, num_images,
            unit_price, price, pricing, error_code, error_params, created_at, deadline_at, completed_at, cache_key)
    SELECT id, %(platform)s, "user", 'completed', 'z-image-small', '', 'standard', '', 5, '{}', '{}', 1, 0, 0, '{}', '',
           '{}', at, at + interval '1 day', at, lpad(to_hex(n), 64, '0') || '.1'
      FROM past ORDER BY n
"""
ARTIFACTS = """
    INSERT INTO storage_artifact
           (id, platform_id, "user", key, thumbnail_key, sha256, content_type, size_bytes, width, height,
            has_thumbnail, codec, poster_key, preview_key, created_at)
    SELECT attempt_id, %(platform)s, "user", 'outputs/' || id || '.webp', '', lpad(to_hex(n), 64, '0'), 'image/webp',
           1, 64, 64, false, '', '', '', at
      FROM past ORDER BY n
"""
OUTPUTS = """
    INSERT INTO generation_output
           (task_id, position, step, seed, revised_prompt, artifact_id, error_code, error_params, is_gift)
    SELECT id, 0, 0, n, '', attempt_id, '', '{}', false FROM past ORDER BY n
"""


def name(number: int) -> str:
    """Return the key of an entry."""
    return f"{number:064x}.1"


class Cache:
    """A hub of which so many pictures may be found."""

    def __init__(self, database: str, entries: int) -> None:
        server.copy_database(database)
        self._connection, self.entries = connect_to(database), entries
        with using(self._connection):
            platform = Platform.objects.create(code="bench", name="Bench")
            Account.objects.create(alias="stub", adapter="stub", queue="local")
            values: dict[str, Any] = {"platform": platform.pk, "number": entries, "users": FEW}
            with connection.cursor() as cursor:
                cursor.execute(history.NUMBERED, values)
                cursor.execute("SET session_replication_role = replica")
                for statement in (TASKS, ARTIFACTS, OUTPUTS):
                    cursor.execute(statement, values)
                cursor.execute("SET session_replication_role = DEFAULT")
                cursor.execute("DROP TABLE past")
            books.tidy()
            self._postmaster = find_postmaster()
        server.say(f"· {entries} pictures written")

    def look(self, number: int) -> float:
        """Return the milliseconds of CPU, here and in the database, of a look for any of them that is not at hand."""
        keys = [name(random.randint(1, self.entries)) for _ in range(number)]
        with using(self._connection):
            began = cpu_here(self._postmaster)
            for key in keys:
                found = drawn.read_drawn(key)
                if found is None or len(found.outputs) != 1:
                    raise AssertionError(f"{key} is not found")
            return (cpu_here(self._postmaster) - began) / number * 1000


def put_all(entries: int) -> dict[str, float]:
    """Have so many at hand, one after the other, and return what that took here and in the broker's server."""
    shared = throttle.counters().shared
    if shared is None:
        raise AssertionError("no server shares what is at hand")
    storage: Any = shared.storage
    valkey = storage.get_connection()
    at_hand = drawn.AT_HAND
    # The first tenth lets heap and pools grow to what any load needs.
    warm = entries // 10
    for number in range(warm):
        at_hand.put(name(number), uuid.uuid4().hex)
    gc.collect()
    here, there = resident_kib(os.getpid()), int(valkey.info("memory")["used_memory"])
    for number in range(warm, entries):
        at_hand.put(name(number), uuid.uuid4().hex)
    gc.collect()
    grown = (resident_kib(os.getpid()) - here) / 1024
    each = (int(valkey.info("memory")["used_memory"]) - there) / (entries - warm)
    places = random.sample(range(entries - SAMPLES, entries), SAMPLES)
    left = [valkey.ttl(f"genhub-{at_hand.name}-{name(number)}") for number in places]
    if not all(0 < seconds <= drawn.SECONDS_AT_HAND for seconds in left):
        raise AssertionError(f"the server keeps some for longer than an hour: {left}")
    return {"at_hand": len(at_hand.own), "grown_mib": grown, "bytes_each_in_server": each}


def run(*, is_quick: bool) -> Report:
    """Fill both databases, look in turn, and let as many pass through the process."""
    entries, looks = (QUICK_ENTRIES, QUICK_LOOKS) if is_quick else (ENTRIES, LOOKS)
    few, many = Cache("few", FEW), Cache("many", entries)
    found = interleave(
        {"few": lambda: few.look(looks), "many": lambda: many.look(looks)},
        rounds=3 if is_quick else 7,
        unit="ms of CPU",
        patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
    )
    with override_settings(THROTTLE_URL=settings.CELERY_BROKER_URL):
        held = put_all(entries)
    return Report(
        arms=found.summary("ms of CPU"),
        goals=[
            Goal("a look, many / few", found.ratios("many", "few"), most=MOST_SLOWER),
            Goal("at hand in a process", [held["at_hand"]] * 2, most=float(drawn.MOST_AT_HAND)),
            Goal("MiB that the process grew", [max(held["grown_mib"], 0.1)] * 2, most=MOST_GROWN_MIB),
            Goal(
                "bytes of one in the server", [held["bytes_each_in_server"]] * 2, most=MOST_BYTES_IN_SERVER
            ),
        ],
        control=found.control,
        facts={
            "entries": entries,
            "seconds_in_server": drawn.SECONDS_AT_HAND,
            "server_mib": round(held["bytes_each_in_server"] * entries / 2**20, 1),
            "scaled_down": is_quick,
        },
    )  # fmt: skip
