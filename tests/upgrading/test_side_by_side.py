"""The release before serves while this one changes the tables, and both then work on one database, broker and store:
what one takes the other draws, refunds and cancels, nothing is lost or double, and neither tells of an error."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.databases import empty_database
from tests.faults.operate.promises import COUNT as CONTRADICTIONS
from tests.faults.operate.receiving import END_TYPES, Receiver
from tests.faults.processes import COUNT, wait_until
from tests.patience import patience
from tests.servers import database_url
from tests.strikes import struck
from tests.upgrading.before import BASELINE, ROOT, list_newest, unpack
from tests.upgrading.releases import Release

pytestmark = [
    pytest.mark.whole,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(1800),
    pytest.mark.xdist_group("processes"),
]
ROUNDS = COUNT or 2
PRICE, GRANTED = 10, 1_000_000
MODEL = "beside"
OPEN = f"""
from generation.models import Account
from genhub.platforms.models import Platform
from genhub.users.models import User
from genhub.webhooks import endpoints
Account.objects.update(is_enabled=False)
row = Account.objects.create(alias="beside", adapter="stub", queue="remote")
row.offers.create(alias={MODEL!r}, default_width=64, default_height=64, smallest_side=16)
User.objects.create_user("rita", is_staff=True)
endpoints.create(Platform.objects.get(code="shop").pk, url={{url!r}}, events={sorted(END_TYPES)!r})
"""
REFUND = """
from generation.refunds.one import request_refund
from genhub.lib.ids import from_wire, new_id
from genhub.users.models import User
rita = User.objects.get(username="rita")
for task in {tasks!r}:
    request_refund(from_wire("task", task), {price}, request_id=new_id(), person=rita, reason="asked by the customer")
"""
DRAWN = """
import json, re
from generation.models import Attempt
rows = Attempt.objects.filter(state="succeeded").values_list("task_id", "worker")
print(json.dumps([[f"task_{task.hex}", int(re.search(r":(\\d+)", worker)[1])] for task, worker in rows]))
"""
TASKS = """
import json
from generation.models import Task
print(json.dumps([f"task_{pk.hex}" for pk in Task.objects.values_list("pk", flat=True)]))
"""


class App:
    """One app that asks both webs: it knows what it ordered, and takes no refusal."""

    def __init__(self, key: str) -> None:
        self.key = key
        self.wanted: dict[str, str] = {}
        self.paid = 0
        self._numbers = count(1)

    def ask(
        self, release: Release, method: str, path: str, words: Any = None, key: str = ""
    ) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"} | (
            {"Idempotency-Key": key} if key else {}
        )
        url = f"http://127.0.0.1:{release.port}/api/v1{path}"
        answer = httpx2.request(
            method, url, json=words, headers=headers, trust_env=False, timeout=patience()
        )
        assert answer.is_success, (
            f"{release.name}: {method} {path}: {answer.status_code} {answer.text}"
        )
        return answer.json()

    def order(
        self, *releases: Release, told: str = "", end: str = "completed", pictures: int = 1
    ) -> str:
        """Order once, of each of the releases under one key."""
        number = next(self._numbers)
        words = {"model": MODEL, "prompt": f"a star {number} {told}", "num_images": pictures}
        ids = {
            self.ask(one, "POST", "/generate", words, f"beside-{number}")["id"] for one in releases
        }
        assert len(ids) == 1, f"one key, and {len(ids)} orders"
        self.wanted[task := ids.pop()] = end
        self.paid += PRICE * pictures if end == "completed" else 0
        return str(task)

    def order_all_kinds(self, here: Release, there: Release) -> None:
        """Order of one release, and go on with it at the other."""
        for told in ("", "stub:wait=1", "stub:file=png"):
            self.order(here, told=told)
        self.order(here, there, pictures=2)
        self.order(here, told="stub:fail", end="failed")
        given_up = self.order(here, told="stub:wait=600 stub:cancel=free", end="canceled")
        self.ask(there, "POST", f"/tasks/{given_up}/cancel")
        words = {"matrix": {"prompts": ["a moon", "a sun"]}, "order": {"model": MODEL}}
        batch = self.ask(here, "POST", "/batches", words, f"batch-{next(self._numbers)}")
        self.wanted |= {one["task_id"]: "completed" for one in batch["orders"]}
        self.paid += PRICE * len(batch["orders"])
        assert self.ask(there, "GET", f"/batches/{batch['id']}")["id"] == batch["id"]

    def ends(self, release: Release) -> dict[str, str]:
        """Return how each order stands, as a release says."""
        return {task: self.ask(release, "GET", f"/tasks/{task}/status")["status"] for task in self.wanted}  # fmt: skip


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    # What fails twice is told anew after minutes.
    made = Receiver(fails_every=0)
    with made.server.running():
        yield made


@pytest.fixture
def releases(receiver: Receiver, db: None, tmp_path: Path) -> Iterator[tuple[Release, Release]]:
    root = unpack(tmp_path / "before")
    with empty_database("beside") as name:
        shared = {
            "GENHUB_HOME": str(tmp_path / "home"),
            "DATABASE_URL": database_url(name),
            "SWEEP_SECONDS": "2",
            "WEBHOOK_HOSTS": receiver.server.url.removeprefix("http://"),
            "KEY_READS_PER_MINUTE": "1000000",
            "KEY_WRITES_PER_MINUTE": "1000000",
        }
        (tmp_path / "home").mkdir(mode=0o700)
        logs = tmp_path / "logs"
        logs.mkdir()
        yield Release("before", root, logs, shared), Release("now", ROOT, logs, shared)


def order_meanwhile(app: App, release: Release, deed: Callable[[], object]) -> int:
    """Order of a release, one after the other, until something is done; return how many it took."""
    before, is_done, complaints = len(app.wanted), threading.Event(), []

    def go_on() -> None:
        try:
            while not is_done.is_set():
                app.order(release, told="stub:wait=1")
        except Exception as error:  # noqa: BLE001 (whatever it is, the test tells it)
            complaints.append(error)

    thread = threading.Thread(target=go_on)
    thread.start()
    try:
        deed()
    finally:
        is_done.set()
        thread.join()
    assert complaints == []
    return len(app.wanted) - before


def refund(app: App, release: Release, drawn: set[str]) -> None:
    """Have a release pay back a picture of some orders that the other one drew."""
    tasks = sorted(task for task in drawn if app.wanted[task] == "completed")[: 2 * ROUNDS]
    assert tasks, f"{release.name} has nothing to refund"
    release.shell(REFUND.format(tasks=tasks, price=PRICE))
    app.paid -= PRICE * len(tasks)


def has_told(receiver: Receiver, tasks: set[str]) -> bool:
    return set(receiver.told) >= tasks


def test_code_before_is_of_the_migrations_that_are_held_against_it(tmp_path: Path) -> None:
    assert list_newest(unpack(tmp_path)) == BASELINE


@pytest.mark.parametrize("turn", range(3 if COUNT else 1))
def test_two_releases_share_everything(
    turn: int,
    releases: tuple[Release, Release],
    receiver: Receiver,
    record_property: Callable[[str, object], None],
) -> None:
    before, now = releases
    before.run("prepare", "--without-static")
    key = before.run_json("issue_key", "shop", "--user", "carol", "--grant", str(GRANTED))["key"]
    before.shell(OPEN.format(url=f"{receiver.server.url}/hook"))
    app = App(key)

    def ended(release: Release) -> bool:
        return app.ends(release) == app.wanted

    def draws() -> list[set[str]]:
        rows = json.loads(now.shell(DRAWN))
        return [{task for task, pid in rows if pid in one.pids} for one in releases]

    with ExitStack() as stays:
        with before.serving():
            meanwhile = order_meanwhile(app, before, lambda: now.run("prepare", "--without-static"))
            stays.enter_context(now.serving())
            for _ in range(ROUNDS):
                app.order_all_kinds(before, now)
                app.order_all_kinds(now, before)
            # A bell is heard by either: order on until both have heard one.
            wait_until(lambda: bool(app.order(before) and all(draws())), 120, "that both draw")
            wait_until(lambda: ended(before), 120, "the end of each order")
            assert ended(now)
            by_before, by_now = draws()
            refund(app, before, by_now)
            refund(app, now, by_before)
            assert before.run_json("audit")["ok"] is True
            assert now.run_json("audit")["ok"] is True
            # What the release before is at work on when it goes, the other one ends.
            for _ in range(ROUNDS):
                app.order(before, told="stub:wait=5")
        wait_until(lambda: ended(now), 120, "the end of what was left")
        wait_until(lambda: has_told(receiver, set(app.wanted)), 120, "the news of each end")
        balance = app.ask(now, "GET", "/credits")
    assert (balance["available"], balance["held"]) == (GRANTED - app.paid, 0)
    counted = json.loads(now.shell(CONTRADICTIONS))
    assert {name: rows for name, rows in counted.items() if rows} == {}
    assert set(json.loads(now.shell(TASKS))) == set(app.wanted)
    assert {task: ids for task, ids in receiver.told.items() if len(ids) > 1} == {}
    assert now.run_json("audit")["ok"] is True
    assert before.list_wrong() + now.list_wrong() == []
    struck("J17")
    record_property(
        "report",
        f"{len(app.wanted)} orders, {meanwhile} while the tables changed; drawn by the release before: "
        f"{len(by_before)}, by this one: {len(by_now)}; lost 0, double 0",
    )
