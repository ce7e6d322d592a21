"""A soak: a whole hub under mixed load, its parts struck at random, then left in peace to see whether memory stays.

SOAK_MINUTES says how long (as a rule as long as each fault needs to strike twice); SOAK_SEED repeats one; SOAK_REPORT
names a file for its report, which is also printed at the end of the run.
"""

import json
import os
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.embedded.hubs import HubProcess
from tests.faults.apps.app import App
from tests.faults.operate.load import CREDITS, REMOTE, Buyer, Load
from tests.faults.operate.memory import Watch, weigh
from tests.faults.operate.promises import COUNT
from tests.faults.operate.receiving import Receiver
from tests.faults.operate.report import Soak, Struck
from tests.faults.operate.strikes import list_strikes
from tests.faults.processes import wait_until
from tests.patience import slowness
from tests.strikes import struck

MINUTES = float(os.environ.get("SOAK_MINUTES", "5"))
SEED = int(os.environ.get("SOAK_SEED", "0")) or random.SystemRandom().randrange(1, 10**6)
# Of the time: under strikes; the rest nothing is struck, and the load goes on.
STRUCK = 0.65
REST_SECONDS = (2.0, 8.0)
RECOVERY_SECONDS = 90.0
LEASE_SECONDS = 15
# A rise within the peaceful part: an allocator's steps stay below both, a leak of 1 KiB an order does not at an hour's
# thousands of orders.
MOST_RISE_MIB, MOST_RISE_SHARE = 12.0, 0.08
# By what a strike is named; what is not here is the death of a part.
DEATHS = ("J14",)
FAULTS_OF = {
    "kill -9 worker-local": ("J1", *DEATHS),
    "kill -9 worker-others": ("J1", *DEATHS),
    "broker back empty": ("J5", *DEATHS),
    "broker's connections cut": ("J6",),
    "postgresql -m immediate": ("J9", *DEATHS),
    "worker asleep past its lease": ("J4",),
}
TASK_ENDS = {"task.completed", "task.failed", "task.canceled"}

pytestmark = [
    pytest.mark.timeout(int(MINUTES * 60) + 3600),
    pytest.mark.xdist_group("processes"),
]

OPEN = f"""
from generation.models import Account
row = Account.objects.create(alias="soak", adapter="stub", queue="remote")
row.offers.create(alias={REMOTE!r}, default_width=256, default_height=256, smallest_side=16)
"""
LISTEN = """
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints
endpoints.create(Platform.objects.get(code="soak").pk, url={url!r}, events={events!r})
"""
WAITING = """
from genhub.webhooks.models import Delivery
print(Delivery.objects.filter(state=Delivery.State.WAITING).count())
"""
ENDINGS = """
import json
from generation.models import Task
rows = Task.objects.values_list("id", "state", "error_code")
print(json.dumps([[f"task_{pk.hex}", state, code] for pk, state, code in rows]))
"""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with made.server.running():
        yield made


@pytest.fixture
def hub(receiver: Receiver, tmp_path: Path) -> Iterator[HubProcess]:
    settings = {
        "LEASE_SECONDS": str(LEASE_SECONDS),
        "REAP_SECONDS": "2",
        "SWEEP_SECONDS": "5",
        # What the engine remembers of prompts fills up within minutes: it is no leak, and looks like one.
        "LOCAL_EMBEDDING_MIB": "8",
        "KEY_READS_PER_MINUTE": "1000000",
        "KEY_WRITES_PER_MINUTE": "1000000",
        "WEBHOOK_HOSTS": receiver.server.url.removeprefix("http://"),
    }
    hub = HubProcess(tmp_path / "home", settings=settings)
    try:
        hub.start()
        yield hub
    finally:
        hub.kill()
    assert hub.processes() == []


def strike_all(hub: HubProcess, load: Load, until: float, dice: random.Random) -> dict[str, Struck]:
    """Strike at random until a time, each fault equally often, and measure how soon the hub makes pictures again."""
    strikes = list_strikes(LEASE_SECONDS + 5.0)
    found = {name: Struck() for name in strikes}
    buyer = Buyer(load.port, load.key)
    deck: list[str] = []
    while time.monotonic() < until or not all(one.recoveries for one in found.values()):
        if not deck:
            deck = dice.sample(list(strikes), len(strikes))
        name = deck.pop()
        time.sleep(dice.uniform(*REST_SECONDS))
        began = time.monotonic()
        strikes[name](hub)
        load.probe(buyer)
        found[name].recoveries.append(time.monotonic() - began)
    return found


def find_wrong(hub: HubProcess, load: Load, receiver: Receiver, app: App) -> dict[str, list[str]]:
    """Return what must be nothing, by what it is."""
    counted: dict[str, list[str]] = json.loads(hub.shell(COUNT))
    ended = {row[0] for row in json.loads(hub.shell(ENDINGS)) if row[1] not in {"pending", "processing"}}  # fmt: skip
    heard = Counter(e.data["task_id"] for e in app.kept() if e.name in TASK_ENDS)
    tasks = set(load.taken)
    return {
        "lost": sorted(tasks - ended),
        "nobody's": sorted(ended - tasks),
        "ends that no webhook told": sorted(tasks - set(receiver.told)),
        "ends that no stream told": sorted(tasks - set(heard)),
        "complaints": load.complaints,
        "double": [
            *(f"webhook {task}" for task, ids in receiver.told.items() if len(ids) > 1),
            *(f"stream {task}" for task, times in heard.items() if times > 1),
            *(f"{name} {row}" for name in ("captured twice", "sent twice", "more pictures than ordered") for row in counted[name]),
        ],
        "unsettled": counted["still held"] + counted["still live"],
    }  # fmt: skip


def settle(hub: HubProcess, load: Load, receiver: Receiver, app: App) -> None:
    """Wait until each order has ended and was told of; whoever waits in vain is told by the report."""
    tasks = set(load.taken)

    def is_told() -> bool:
        heard = {e.data["task_id"] for e in app.kept() if e.name in TASK_ENDS}
        return tasks <= heard and tasks <= set(receiver.told) and int(hub.shell(WAITING)) == 0

    try:
        wait_until(is_told, 180, "the last ends")
    except AssertionError:
        # The report says which they are.
        return


def test_soak(
    hub: HubProcess, receiver: Receiver, record_property: Callable[[str, object], None]
) -> None:
    key = hub.run_json("issue_key", "soak", "--user", "sophie", "--grant", str(CREDITS))["key"]
    hub.shell(OPEN)
    hub.shell(LISTEN.format(url=f"{receiver.server.url}/hook", events=sorted(TASK_ENDS)))
    app = App(hub.port, key)
    wait_until(app.has_begun, 60, "the first visit")
    load = Load(hub.port, key, SEED)
    watch = Watch(hub)
    began = time.monotonic()
    try:
        faults = strike_all(hub, load, began + STRUCK * 60 * MINUTES, random.Random(SEED))
        calm = time.monotonic()
        time.sleep(max(1 - STRUCK, 0.2) * 60 * MINUTES)
        ended = time.monotonic()
        load.stop()
        settle(hub, load, receiver, app)
    finally:
        load.stop()
        watch.stop()
        app.leave()
    rows = json.loads(hub.shell(ENDINGS))
    found = Soak(
        seed=SEED,
        minutes=(ended - began) / 60,
        faults=faults,
        orders=dict(Counter(load.taken.values()) + load.done),
        ends=dict(Counter(f"{state} {code}".strip() for _, state, code in rows)),
        wrong=find_wrong(hub, load, receiver, app),
        facts={
            "webhook calls": receiver.calls,
            "visits of the stream": app.visits,
            "audit": hub.run_json("audit")["ok"],
        },
        memory=weigh(watch.samples, calm, ended),
    )
    record_property("report", found.to_text())
    note_strikes(found)
    if path := os.environ.get("SOAK_REPORT"):
        Path(path).write_text(found.to_json() + "\n" + found.to_text() + "\n")
    check(found)


def note_strikes(found: Soak) -> None:
    """Tell of the strikes by their rows of the catalogue; what was lost or double, any death may have done."""
    for name, one in found.faults.items():
        for fault in FAULTS_OF.get(name, DEATHS):
            struck(fault, len(one.recoveries), seconds=one.worst)
    struck("J14", 0, lost=len(found.wrong["lost"]), double=len(found.wrong["double"]))


def check(found: Soak) -> None:
    """Each fault struck and was recovered from, nothing is wrong, and memory is flat."""
    assert {name: rows for name, rows in found.wrong.items() if rows} == {}
    assert [name for name, one in found.faults.items() if not one.recoveries] == []
    assert {n: f.worst for n, f in found.faults.items() if f.worst > RECOVERY_SECONDS * slowness()} == {}  # fmt: skip
    assert found.facts["audit"] is True
    rising = {
        part: m
        for part, m in found.memory.items()
        if m["rise_mib"] > MOST_RISE_MIB and m["rise_share"] > MOST_RISE_SHARE
    }
    assert rising == {}
