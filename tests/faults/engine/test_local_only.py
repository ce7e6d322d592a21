"""What stays in the house: with an outside account, moderation service and vision model at hand, every process that has
to do with an order dials PostgreSQL and Valkey, and nobody else."""

import re
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.models import Account, Describer, LoopBeat, Moderator, Task
from genhub.embedded import paths
from genhub.platforms.models import Platform
from tests import servers
from tests.faults.engine.orders import START_SECONDS
from tests.faults.processes import LOOPS, running, wait_until, worker
from tests.faults.providers.vendor import Vendor, open_account
from tests.providers.vendors.server import Asked, Reply, Server
from tests.steps import submit

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("processes"),
    pytest.mark.timeout(900),
]
HERE = Path(__file__).parent
# What the kernel of an empty network counts of whatever is sent: packets, and those without a way out.
COUNTS = re.compile(r"^(Ip6?Out(?:Requests|NoRoutes))\s+(\d+)$", re.MULTILINE)
SAYS_YES = {"results": [{"flagged": False, "categories": {}, "category_scores": {}}]}
dialled_here: list[Any] = []
is_watching = False


def note(event: str, arguments: tuple[Any, ...]) -> None:
    """Keep whom this process dials while it is watched; a hook stays for good."""
    if is_watching and event in {"socket.connect", "socket.getaddrinfo"}:
        dialled_here.append(arguments[1] if event == "socket.connect" else arguments[0])


sys.addaudithook(note)


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Any]]:
    """Whom this process dials, which takes the order."""
    dialled_here.clear()
    monkeypatch.setattr(sys.modules[__name__], "is_watching", True)
    yield dialled_here
    dialled_here.clear()


@pytest.fixture
def outside(settings: Settings, carol: APIClient) -> Iterator[Server]:
    """One host that is a vendor of the same model, a moderation service and a vision model, all outside."""
    settings.PRIVATE_HOSTS = frozenset({"127.0.0.1"})

    def respond(asked: Asked) -> Reply:
        return Reply(body=SAYS_YES) if "moderations" in asked.path else Reply(500)

    with Server(respond).running() as server:
        account = open_account(Vendor(), base_url=server.url)
        account.offers.update(alias="z-image-small", unsupported=[])
        for row in (
            Moderator(alias="judge", adapter="openai", base_url=server.url),
            Describer(alias="eyes", model="sees-1", base_url=server.url),
        ):
            row.take("a-key-of-the-test")
            row.save()
        yield server


class House:
    """The worker of the engine, the one of all else, and the loops, each in a network that leads nowhere."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.record = folder / "sockets"
        self.record.touch()
        words = {
            "PYTHONPATH": str(HERE / "watched"),
            "WATCHED_SOCKETS": str(self.record),
            "WATCHED_ALONE": "1",
            "LOCAL_THREADS": "1",
            "LEASE_SECONDS": "60",
            "PRIVATE_HOSTS": "127.0.0.1",
            "SWEEP_SECONDS": "1",
        }
        programs = (worker("local"), worker("remote,delivery,upkeep", "others"), LOOPS)
        self.pids = [
            stack.enter_context(running(folder / f"{number}.log", *program, **words)).pid
            for number, program in enumerate(programs)
        ]

    def dialled(self) -> set[str]:
        """Return where the processes and their children went, by Python's own account."""
        lines = self.record.read_text().splitlines()
        return {line.split(" ", 2)[2] for line in lines}

    def counted(self) -> dict[str, int]:
        """Return what the kernel sent or could not send for any of them, whatever library asked."""
        found: dict[str, int] = {}
        for pid in self.pids:
            network = Path(f"/proc/{pid}/net")
            names, values = (network / "snmp").read_text().splitlines()[:2]
            plain = dict(zip(names.split()[1:], map(int, values.split()[1:]), strict=True))
            later = dict(COUNTS.findall((network / "snmp6").read_text()))
            for name in ("OutRequests", "OutNoRoutes"):
                found[name] = found.get(name, 0) + plain[name] + int(later[f"Ip6{name}"])
        return found


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Callable[[], House]]:
    with ExitStack() as stack:
        yield lambda: House(tmp_path, stack)


def await_turn() -> None:
    """Wait until the loop that has pictures described has gone round once more."""
    beats = LoopBeat.objects.filter(name="describe_pictures").values_list("beat_at", flat=True)
    last = beats.first()
    wait_until(lambda: beats.first() != last, START_SECONDS, "a turn of the loop")


def inside() -> set[str]:
    """Return what may be dialled; libpq dials PostgreSQL without Python, and by a socket of the same folder."""
    return {repr(str(paths.valkey_socket(paths.run_folder(servers.HOME))))}


def test_order_that_stays_in_the_house_is_told_to_nobody(
    carol: APIClient, outside: Server, watched: list[Any], house: Callable[[], House]
) -> None:
    Platform.objects.update(local_only=True)
    task = submit(carol, "a red circle", steps=2)
    processes = house()
    wait_until(lambda: Task.objects.filter(pk=task.pk, state="completed").exists(), START_SECONDS, "the picture")  # fmt: skip
    for _ in range(3):
        await_turn()
    assert processes.dialled() == inside()
    assert not any(processes.counted().values())
    assert {where for where in watched if not isinstance(where, str)} == set()
    assert outside.asked == []


def test_watch_sees_whom_another_order_is_told_to(
    carol: APIClient, outside: Server, watched: list[Any], house: Callable[[], House]
) -> None:
    # Else the vendor might make it, of which nothing comes.
    Account.objects.filter(base_url=outside.url).update(standby_rank=1)
    submit(carol, "a red circle", steps=2)
    assert ("127.0.0.1", outside.port) in watched
    processes = house()
    judge = repr(("127.0.0.1", outside.port))
    wait_until(lambda: judge in processes.dialled(), START_SECONDS, "the judge of the picture")
    assert processes.counted()["OutNoRoutes"] > 0
