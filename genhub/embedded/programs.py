"""The hub's own programs: web, workers, loops, Flower; settings say where each one listens."""

import hashlib
import math
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from django.conf import settings
from kombu.exceptions import OperationalError

from generation.engine.watchdog import PATIENCE_LOADING
from genhub.celery import app
from genhub.embedded.child import ROOT, Program
from genhub.embedded.ports import read_json
from genhub.live.address import is_open

# Less than what a child is given before it is killed.
WEB_GRACE_SECONDS = 8
QUEUES_OF_OTHERS = "remote,delivery,upkeep"
PING_SECONDS = 0.5
# What `manage.py check` looks at is the release's; to look again, each worker would import every page of the hub.
CHECKED = "1"
WORKER_SECONDS = 180.0


def node_name(worker: str, home: Path) -> str:
    """Return a Celery node name that no other home shares, even on one broker."""
    digest = hashlib.sha256(os.fsencode(home)).hexdigest()[:8]
    return f"{worker}-{digest}@{socket.gethostname()}"


def prepare() -> Program:
    """Return the run that brings tables, first rows and static files up to date."""
    return Program(name="prepare", command=[sys.executable, str(ROOT / "manage.py"), "prepare"])


def web() -> Program:
    """Return the server of API and admin: one process, a loop for clients and threads for answers."""
    options: dict[str, str | int] = {
        "host": settings.HOST,
        "port": settings.PORT,
        "grace-seconds": WEB_GRACE_SECONDS,
    }
    return Program(
        name="web",
        # Not the application itself, which looks at the static files that `prepare` may have yet to collect.
        command=[*_ahead("genhub.urls,genhub.front.server", "genhub.front"), *_spell(options)],
        is_ready=lambda: read_health() is not None,
    )


def events() -> Program:
    """Return the process of event streams: ready when it listens."""
    return Program(
        name="events",
        command=_ahead("generation.api.live.application,uvicorn", "genhub.live"),
        is_ready=lambda: is_open(settings.EVENTS["address"]),
    )


def local_worker() -> Program:
    """Return the worker that owns the engine; it is ready when its model is, which its watchdog gives time."""
    loading = settings.LOCAL_STALL_SECONDS * PATIENCE_LOADING or math.inf
    worker = _worker("local", queues="local", threads=1, imports=",generation.engine.engine")
    return replace(worker, ready_seconds=worker.ready_seconds + loading)


def other_worker() -> Program:
    """Return the worker for everything that waits on somebody else's machine."""
    return _worker("others", queues=QUEUES_OF_OTHERS, threads=settings.REMOTE_THREADS)


def loops() -> Program:
    """Return the loops that find what messages lost; they are ready when each has given a sign of life."""
    command = [*_ahead("genhub.management.commands.loops", "manage"), "loops"]
    return Program(name="loops", command=command, is_ready=_loops_turn)


def flower() -> Program:
    """Return Flower on the port after the web's; `ps` does not show its password."""
    port = settings.PORT + 1
    return Program(
        name="flower",
        command=[
            *(sys.executable, "-m", "celery", "-A", "genhub", "flower"),
            *_spell({"address": "127.0.0.1", "port": port}),
        ],
        environment={
            "FLOWER_BASIC_AUTH": f"admin:{settings.SECRETS['flower_password']}",
            "FLOWER_URL_PREFIX": "",
        },
        grace_seconds=5,
    )


def _worker(name: str, *, queues: str, threads: int, imports: str = "") -> Program:
    node = node_name(name, settings.HOME)
    options: dict[str, str | int] = {
        "queues": queues,
        "pool": "threads",
        "concurrency": threads,
        "hostname": node,
        "loglevel": "INFO",
    }
    quiet = ["--without-gossip", "--without-mingle"]
    return Program(
        name=f"worker-{name}",
        command=[
            *_ahead(f"celery.apps.worker,generation.tasks{imports}", "celery"),
            *("-A", "genhub", "worker"),
            *_spell(options),
            *quiet,
        ],
        environment={"CELERY_SKIP_CHECKS": CHECKED},
        is_ready=lambda: _answers_ping(node),
        ready_seconds=WORKER_SECONDS,
    )


def read_health() -> Any | None:
    """Return what the web server says of the hub; None while it does not answer."""
    health = read_json(settings.HOST, settings.PORT, "/api/v1/health")
    # An error's body is no word of health.
    return health if isinstance(health, dict) and {"checks", "loops"} <= health.keys() else None


def _loops_turn() -> bool:
    health = read_health()
    states = set(health["loops"].values()) if health else set()
    return bool(states) and states.isdisjoint({"late", "unknown"})


def _answers_ping(node: str) -> bool:
    try:
        return bool(app.control.ping(destination=[node], timeout=PING_SECONDS))
    except (OperationalError, OSError):
        return False


def _ahead(imports: str, module: str) -> list[str]:
    return [sys.executable, "-m", "genhub.embedded.ahead", str(settings.HOME), imports, module]


def _spell(options: dict[str, str | int]) -> list[str]:
    return [f"--{name}={value}" for name, value in options.items()]
