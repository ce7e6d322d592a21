"""Ten thousand clips wait at their vendor, and one worker of a whole hub asks for them: how late each is asked for
beside the time that its row states, and whether the worker's memory stays as it is.

Once at a vendor that is asked for one clip at a time, once at one that lists many. The clips have waited for long: each
is due every 30 s.
"""

import time
from contextlib import suppress

from generation.life.waiting import LONGEST_PAUSE_SECONDS
from tests import servers
from tests.bench import clip_vendor
from tests.bench.clip_vendor import RunningVendor
from tests.bench.cpu import cpu_of, resident_kib
from tests.bench.engine_tax import list_family
from tests.bench.measure import Goal, Report
from tests.bench.server import say
from tests.embedded.hubs import HubProcess

CLIPS, QUICK_CLIPS = 10_000, 2_000
USERS = 100
# Whole turns of all clips, so that both halves hold as many questions; with the jitter a turn takes a little longer.
TURNS, QUICK_TURNS = 4, 2
TURN_SECONDS = LONGEST_PAUSE_SECONDS + 0.5
WARM_SECONDS = 300.0
MOST_LATE, MOST_GROWN = 2.0, 1.1
ALONE, LISTED = "one by one", "by a list"
# As an order leaves them that was submitted, claimed and taken by its vendor long ago.
ROWS = """
import json
from django.db import connection
from generation.models import Account, Share
from genhub.platforms.models import Platform
from tests.paid_orders import SPEC
platform = Platform.objects.create(code="bench", name="Bench")
account = Account.objects.create(alias="film", adapter="generic_video", queue="remote", base_url={url!r})
account.offers.create(alias="film", media_types=["video"])
Share.objects.bulk_create(Share(queue="remote", priority=5, platform=platform, user=f"user{{n}}") for n in range({users}))
spec = {{**SPEC, "media_type": "video", "model": "film", "negative_prompt": "", "seconds": 5, "resolution": "720p"}}
values = {{"platform": platform.pk, "account": account.pk, "spec": json.dumps(spec)}}
with connection.cursor() as cursor:
    cursor.execute('''
        INSERT INTO generation_task (id, platform_id, "user", state, model, style, quality, mode, priority, spec,
                                     metadata, num_images, unit_price, price, pricing, error_code, error_params,
                                     started_at, deadline_at)
        SELECT lpad(n::text, 32, '0')::uuid, %(platform)s, 'user' || n %% {users}, 'processing', 'film', '', 'standard',
               '', 5, %(spec)s, '{{}}', 1, 0, 0, '{{}}', '', '{{}}', now(), now() + interval '1 day'
          FROM generate_series(1, {clips}) n
    ''', values)
    cursor.execute('''
        INSERT INTO generation_attempt (id, task_id, number, provider_id, share_id, cost, state, run_at, run_until,
                                        lease_token, started_at, sending_at, worker, remote_id, error_code,
                                        error_detail, timings, facts, usage, evidence, suggested)
        SELECT t.id, t.id, 1, %(account)s, s.id, 1, 'waiting', now() + random() * interval '30 seconds',
               now() + interval '1 day', 100, now(), now(), '', 'job-' || right(t.id::text, 8), '', '', '{{}}', '{{}}',
               '{{}}', '{{}}', '[]'
          FROM generation_task t JOIN generation_share s USING (platform_id, "user")
         WHERE s.queue = 'remote'
    ''', values)
    cursor.execute("ANALYZE")
"""
LIST = """
from generation.models import Account
Account.objects.filter(alias="film").update(options={"paths": {"list": "tasks?ids={ids}"}})
"""
COUNT = """
from generation.models import Attempt
print(Attempt.objects.filter(state__in=["waiting", "running"], number=1).count())
"""


def warm_up(vendor: RunningVendor, clips: int) -> None:
    """Wait until each clip was asked for, and one turn more."""
    give_up_at = time.monotonic() + WARM_SECONDS
    while (asked := vendor.count()["clips"]) < clips:
        if time.monotonic() > give_up_at:
            raise AssertionError(f"{asked} of {clips} clips were asked for in {WARM_SECONDS} s")
        time.sleep(TURN_SECONDS / 10)
    time.sleep(TURN_SECONDS)


def measure(hub: HubProcess, vendor: RunningVendor, turns: int) -> dict[str, float]:
    """Return what was asked during so many turns of all clips, and what that took."""
    worker = hub.child("--queues=remote")
    assert worker
    family = list_family(hub.process)
    began, cpu_worker, cpu_hub = time.monotonic(), cpu_of(worker), cpu_of(*family)
    vendor.begin()
    memory = [resident_kib(worker)]
    for _ in range(turns):
        time.sleep(TURN_SECONDS)
        memory.append(resident_kib(worker))
    seconds = time.monotonic() - began
    found: dict[str, float] = vendor.count()
    polls = max(found["polls"], 1)
    return found | {
        "polls_a_second": round(polls / seconds, 1),
        "cpu_ms_a_poll_worker": round(1000 * (cpu_of(worker) - cpu_worker) / polls, 2),
        "cpu_ms_a_poll_whole_hub": round(1000 * (cpu_of(*family) - cpu_hub) / polls, 2),
        "worker_mib": round(memory[-1] / 1024, 1),
        "grown": memory[-1] / memory[0],
    }


def run(*, is_quick: bool) -> Report:
    """Let them wait at a vendor that lists nothing, and then at one that does."""
    clips, turns = (QUICK_CLIPS, QUICK_TURNS) if is_quick else (CLIPS, TURNS)
    hub = HubProcess(servers.HOME / "hub", settings={"PRIVATE_HOSTS": "127.0.0.1"})
    found: dict[str, dict[str, float]] = {}
    with clip_vendor.running() as vendor:
        try:
            hub.start()
            hub.shell(ROWS.format(url=vendor.url, clips=clips, users=USERS))
            say(f"· {clips} clips wait")
            for way in (ALONE, LISTED):
                if way == LISTED:
                    hub.shell(LIST)
                # Each was asked for, and what gathered meanwhile is gone.
                warm_up(vendor, clips)
                found[way] = measure(hub, vendor, turns)
                say(f"· {way}: {found[way]}")
            if (left := int(hub.shell(COUNT))) != clips:
                raise AssertionError(f"{left} clips wait, not {clips}")
            if not hub.run_json("audit")["ok"]:
                raise AssertionError("the audit found the books wrong")
        finally:
            with suppress(AssertionError):
                hub.kill()
    late = {
        way: max(told["longest_seconds"] / LONGEST_PAUSE_SECONDS - 1, 0.0)
        for way, told in found.items()
    }
    first = found[ALONE]["polls_of_first_half"]
    return Report(
        arms={
            way: {"median": told["median_seconds"], "unit": "s between two polls", **told}
            for way, told in found.items()
        },
        goals=[
            *(
                Goal(f"longest lag / interval, {way}", [lag, lag], most=MOST_LATE)
                for way, lag in late.items()
            ),
            *(
                Goal(f"memory after / before, {way}", [told["grown"]] * 2, most=MOST_GROWN)
                for way, told in found.items()
            ),
        ],
        control=first / max(found[ALONE]["polls"] - first, 1),
        facts={"clips": clips, "interval_seconds": LONGEST_PAUSE_SECONDS, "scaled_down": is_quick},
    )
