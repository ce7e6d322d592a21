"""Workers say that they live, so that health knows whether anybody would take a task, and which of them would."""

import logging
import threading
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models.functions import Now

from generation.accounts import routing
from generation.accounts.adapters import device_of
from generation.accounts.tokens import find_tokenizer
from generation.life import doorbell
from generation.models import Account, Offer, Worker
from generation.models.worker import BEAT_SECONDS, GONE_AFTER_SECONDS
from generation.work.machine import describe_process
from generation.work.process import draining, readiness
from genhub.lib.connections import release_connection
from storage import credentials
from storage.vendor_clips import can_look

logger = logging.getLogger(__name__)

GONE_AFTER = timedelta(seconds=GONE_AFTER_SECONDS)
# After a warm-up that failed: to judge a large file takes half a minute, so the pauses double.
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 5, 300
LOADING = "the model is being loaded"
UNLOADABLE = "the model cannot be loaded; see the worker's log"
SIGHTLESS = "the library that looks at clips is missing: start workers from the image genhub-worker"


# One beat at a time, so that the one which says that the worker is ready now is not followed by an older word.
beating = threading.Lock()


def get_ready(name: str, queues: list[str]) -> bool:
    """Warm up, say how that went and return whether it went well: until then this process takes no orders."""
    readiness.unready = find_fault(queues)
    # A worker that stops says so from another thread; to wait for a database that stops, too, would delay its end.
    if not draining.is_set():
        say(name, queues)
    return not readiness.unready


def find_fault(queues: list[str]) -> str:
    """Warm up, and return why this process cannot take the orders of these queues; empty when it can."""
    if not can_look():
        # A clip that was made would be paid for and lost.
        logger.error(SIGHTLESS)
        return SIGHTLESS
    try:
        warm_up(queues)
    except Exception:
        # An order would fail for good that another worker, or this one a little later, could make.
        logger.exception("the worker cannot be warmed up")
        return UNLOADABLE
    return ""


def keep_warming(name: str, queues: list[str]) -> None:
    """Try to get ready until that goes well or the worker drains, then ring for what has waited."""
    pause = FIRST_PAUSE_SECONDS
    while not draining.wait(pause):
        if get_ready(name, queues):
            for queue in queues:
                doorbell.ring(queue)
            return
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


def warm_up(queues: list[str]) -> None:
    """Prepare what signs pictures, the adapters of these queues' providers for the hub's default model, or for the
    first that they offer, and what counts the prompts that others read: to load it holds up each thread for a second.

    A model that cannot be loaded is an error here already.
    """
    credentials.prepare()
    models: dict[int, list[Offer]] = {}
    for row in routing.offered().filter(account__queue__in=queues):
        models.setdefault(row.account_id, []).append(row)
    for rows in models.values():
        wanted = next((row for row in rows if row.alias == settings.DEFAULT_MODEL), rows[0])
        if device := device_of(wanted.account):
            device.warm(wanted.card())
        else:
            find_tokenizer()


def keep_beating(name: str, queues: list[str]) -> None:
    """Beat until the worker drains, then say so."""
    while not draining.is_set():
        say(name, queues)
        draining.wait(BEAT_SECONDS)
    say(name, queues)


def say(name: str, queues: list[str]) -> None:
    """Note that a worker lives, or that it stops; whatever goes wrong is logged and outlived."""
    try:
        with beating:
            if draining.is_set():
                leave(name)
            else:
                beat(name, queues)
    except Exception:
        logger.exception("sign of life not noted")
    finally:
        release_connection()


def beat(name: str, queues: list[str]) -> None:
    """Note that a worker lives, and what its machine says of itself or why it is not ready."""
    facts: dict[str, Any] = describe_process()
    if readiness.unready:
        # Its adapters may be what cannot be had.
        facts["unready"] = readiness.unready
    else:
        for account in Account.objects.filter(is_enabled=True, queue__in=queues):
            if device := device_of(account):
                facts |= device.health()
    Worker.objects.update_or_create(
        name=name,
        defaults={
            "queues": queues,
            "threads": readiness.threads,
            "beat_at": Now(),
            "facts": facts,
        },
    )


def leave(name: str) -> None:
    """Note that a worker stops taking tasks."""
    Worker.objects.filter(name=name).delete()
