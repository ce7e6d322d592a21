"""A thousand clients on one events process: CPU time for each event that one of them hears, beside raw asyncio that
writes the same bytes; and what memory they take, at rest and after many events."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from generation.models import Account, Event, Task
from genhub.platforms.models import ApiKey, Platform
from tests import servers
from tests.bench import books, child, history, server
from tests.bench.cpu import cpu_of, resident_kib
from tests.bench.measure import PATIENCE_SECONDS, QUICK_PATIENCE_SECONDS, Goal, Report, interleave
from tests.live.streams import serving_events
from tests.ports import free_port

CLIENTS, QUICK_CLIENTS = 1_000, 500
FIRST, EVENTS = 50, 20
MOST_OF_RAW, MOST_GROWTH, MOST_KIB_A_CLIENT = 3.0, 1.1, 20.0
LOOK_SECONDS, GIVE_UP_SECONDS = 0.05, 120.0


def wait_heard(followers: child.Child, number: int) -> None:
    """Wait until all clients together have heard so many."""
    give_up_at = time.monotonic() + GIVE_UP_SECONDS
    while (heard := followers.ask("heard")["heard"]) < number:
        if time.monotonic() > give_up_at:
            raise AssertionError(f"{heard} of {number} were heard")
        time.sleep(LOOK_SECONDS)
    if heard > number:
        raise AssertionError(f"{heard} were heard, not {number}")


class Crowd:
    """The clients of one server, and what that takes for what they hear."""

    def __init__(self, followers: child.Child, pid: int, clients: int) -> None:
        self.followers, self.pid, self.clients = followers, pid, clients
        self.heard = 0

    def hear(self, tell: Callable[[], object]) -> float:
        """Return the server's microseconds of CPU for each event that a client heard."""
        before = cpu_of(self.pid)
        for _ in range(EVENTS):
            tell()
            # One by one, as they come in life: told together they would cost one write.
            self.heard += self.clients
            wait_heard(self.followers, self.heard)
        return (cpu_of(self.pid) - before) / (EVENTS * self.clients) * 1e6


def run(*, is_quick: bool) -> Report:
    """Let both servers tell the same events to as many clients, in turn."""
    clients = QUICK_CLIENTS if is_quick else CLIENTS
    books.fill(1)
    platform = Platform.objects.get()
    account = Account.objects.create(alias="stub", adapter="stub", queue="local")
    history.fill(platform, account, 1, users=1)
    task = Task.objects.get()
    _, key = ApiKey.objects.issue(platform, name="bench")

    def happen() -> None:
        Event.objects.create(task=task, kind=Event.Kind.CLAIMED, data={})

    log, address = servers.HOME / "events.log", f"127.0.0.1:{free_port()}"
    most = str(10 * CLIENTS)
    with ExitStack() as stack:
        settings = {"EVENTS_STREAMS": most, "EVENTS_STREAMS_PER_KEY": most}
        hub = stack.enter_context(serving_events(log, address, **settings))
        raw = stack.enter_context(child.running("tests.bench.raw_stream"))
        crowds, few = {}, 0
        for name, pid, port in (
            ("hub", hub.pid, int(address.rpartition(":")[2])),
            ("raw asyncio", raw.pid, raw.facts),
        ):
            followers = stack.enter_context(child.running("tests.bench.followers"))
            path = "/api/v1/events"
            question = {"port": port, "path": path, "key": key}
            # What the first ones load is no client's.
            followers.ask({**question, "number": FIRST})
            few = few or resident_kib(pid)
            followers.ask({**question, "number": clients - FIRST})
            crowds[name] = Crowd(followers, pid, clients)
            server.say(f"· {clients} clients follow {name}")
        happen()
        crowds["hub"].heard += clients
        wait_heard(crowds["hub"].followers, clients)
        # As long as the hub's own, which says all of the task.
        size = crowds["hub"].followers.ask("heard")["bytes"] // clients
        text = f"event: task.processing\ndata: {'x' * size}"[: size - 2] + "\n\n"
        at_rest = resident_kib(hub.pid)
        found = interleave(
            {
                "hub": lambda: crowds["hub"].hear(happen),
                "raw asyncio": lambda: crowds["raw asyncio"].hear(lambda: raw.ask(text)),
            },
            rounds=3 if is_quick else 5,
            unit="µs of CPU for each event and client",
            patience=QUICK_PATIENCE_SECONDS if is_quick else PATIENCE_SECONDS,
        )
        after = resident_kib(hub.pid)
        told = Path(log).read_text()
    if "Traceback" in told:
        raise AssertionError(told)
    of_client = (at_rest - few) / (clients - FIRST)
    return Report(
        arms=found.summary("µs"),
        goals=[
            Goal("hub / raw asyncio", found.ratios("hub", "raw asyncio"), most=MOST_OF_RAW),
            Goal("memory, after / at rest", [after / at_rest] * 2, most=MOST_GROWTH),
            Goal("KiB a client", [of_client] * 2, most=MOST_KIB_A_CLIENT),
        ],
        control=found.control,
        facts={
            "clients": clients,
            "bytes_an_event": size,
            "resident_kib": {"few": few, "at_rest": at_rest, "after": after},
            "events_heard": crowds["hub"].heard,
            "scaled_down": is_quick,
        },
    )
