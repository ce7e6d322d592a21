"""What befalls a hub: each part killed, the broker back with nothing, the database stopped at once, a worker asleep."""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import redis

from genhub.embedded import paths
from tests.embedded.hubs import HubProcess, database_pid
from tests.faults.processes import wait_until
from tests.faults.test_deaths import broker_pid

Find = Callable[[HubProcess], int | None]
BACK_SECONDS = 90.0


def of_words(words: str) -> Find:
    """Return what finds the process whose command line holds these words."""
    return lambda hub: hub.child(words)


def find_database(hub: HubProcess) -> int | None:
    """Return PostgreSQL's first process; None while it is away."""
    with suppress(OSError, ValueError, IndexError):
        pid = database_pid(hub)
        return pid if Path(f"/proc/{pid}").exists() else None
    return None


PARTS: dict[str, Find] = {
    "web": of_words("genhub.front"),
    "events": of_words("genhub.live"),
    "worker-local": of_words("--queues=local"),
    "worker-others": of_words("--queues=remote"),
    "loops": of_words("manage loops"),
    "valkey": broker_pid,
    "postgresql": find_database,
}


def end(hub: HubProcess, part: str, sign: signal.Signals = signal.SIGKILL) -> None:
    """End a part by a signal and wait until another one stands in its place."""
    find = PARTS[part]
    pid = find(hub)
    assert pid, f"there is no {part} to end"
    os.kill(pid, sign)
    wait_until(lambda: find(hub) not in {None, pid}, BACK_SECONDS, f"another {part}")


def empty_broker(hub: HubProcess) -> None:
    """Kill the broker, which comes back without anything that it held."""
    socket = paths.valkey_socket(paths.run_folder(hub.home))
    with redis.Redis(unix_socket_path=str(socket)) as client:
        client.flushall()
        end(hub, "valkey")


def sleep(hub: HubProcess, lease_seconds: float) -> None:
    """Let the local worker sleep for longer than its lease; it then goes on as if nothing had been."""
    pid = PARTS["worker-local"](hub)
    assert pid, "there is no worker to stop"
    os.kill(pid, signal.SIGSTOP)
    try:
        wait_until(lambda: state_of(pid) == "T", BACK_SECONDS, "that the worker sleeps")
        time.sleep(lease_seconds)
    finally:
        os.kill(pid, signal.SIGCONT)


def cut(hub: HubProcess) -> None:
    """Cut every connection to the broker, three times in three seconds; whoever had one has to come again."""
    socket = paths.valkey_socket(paths.run_folder(hub.home))
    with redis.Redis(unix_socket_path=str(socket)) as client:
        number = 0
        for _ in range(3):
            number += sum(client.client_kill_filter(_type=kind) for kind in ("normal", "pubsub"))
            time.sleep(1)
    assert number, "nobody was connected to the broker"


def state_of(pid: int) -> str:
    """Return the letter by which the system tells what a process does."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def list_strikes(lease_seconds: float) -> dict[str, Callable[[HubProcess], None]]:
    """Return each fault by its name; a call strikes once and returns when it is over, whatever its traces."""
    return {
        **{
            f"kill -9 {part}": lambda hub, part=part: end(hub, part)  # type: ignore[misc]
            for part in ("web", "events", "worker-local", "worker-others", "loops")
        },
        "broker back empty": empty_broker,
        "broker's connections cut": cut,
        "postgresql -m immediate": lambda hub: end(hub, "postgresql", signal.SIGQUIT),
        "worker asleep past its lease": lambda hub: sleep(hub, lease_seconds),
    }
