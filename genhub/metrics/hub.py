"""The figures of the whole hub, read from its rows: all processes on all machines, whoever did the work.

Counters begin at 0 with the process that tells them, and follow the events from there; rates are right across restarts.
Each web server tells the same: of several take the largest, not the sum.
"""

import threading
from collections.abc import Iterable

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from credits.selectors import find_last_audit
from generation.life.events import place_all
from generation.loops import examine
from generation.models import Event
from generation.selectors import figures
from generation.selectors.events import ENDS, STRETCH, newest_position
from generation.selectors.figures import Call, Happened
from generation.selectors.queue import (
    list_broken,
    list_held_up,
    list_live_workers,
    list_paused_accounts,
)
from generation.work.presence import GONE_AFTER
from genhub.alerts.noting import count_open_kinds
from genhub.metrics.registry import REGISTRY, SECONDS, Few
from genhub.platforms.models import Platform
from genhub.webhooks.selectors import read_lag
from storage.usage import MIB, read_use

Kind = Event.Kind
ORDER = ["model", "size"]
# What a worker says of itself and its card: its word, the figure, what that is.
OF_WORKER = (
    ("process_memory", "genhub_worker_memory_bytes", "Resident memory of the worker's process."),
    ("disk_free", "genhub_worker_disk_free_bytes", "Room on the disk where the worker writes."),
    ("gpu_utilization", "genhub_gpu_utilization_percent", "Use of the card."),
    ("memory_used", "genhub_gpu_memory_used_bytes", "Memory of the card that is taken."),
    ("memory_total", "genhub_gpu_memory_bytes", "Memory of the card."),
    ("temperature", "genhub_gpu_temperature_celsius", "Temperature of the card."),
)
size_of = Few(30)
# The stage of an attempt in which the local engine takes its steps.
DENOISED = "denoise"

SUBMITTED = Counter("genhub_orders", "Orders taken.", ORDER, registry=REGISTRY)
ENDED = Counter(
    "genhub_tasks_ended", "Tasks that ended.", [*ORDER, "state", "code"], registry=REGISTRY
)
DELIVERED = Counter("genhub_outputs", "Pictures delivered.", ORDER, registry=REGISTRY)
FOUND = Counter(
    "genhub_cache_hits", "Tasks whose pictures had been drawn before.", ORDER, registry=REGISTRY
)
TASK_SECONDS = Histogram(
    "genhub_task_seconds",
    "Seconds from the order to its pictures.",
    ORDER,
    buckets=SECONDS,
    registry=REGISTRY,
)
WAIT_SECONDS = Histogram(
    "genhub_wait_seconds",
    "Seconds from the order to each claim of it.",
    ORDER,
    buckets=SECONDS,
    registry=REGISTRY,
)
CALLS = Counter(
    "genhub_calls", "Attempts that ended, each one call of a provider.", ["provider", *ORDER, "state", "code"],
    registry=REGISTRY,
)  # fmt: skip
CALL_SECONDS = Histogram(
    "genhub_call_seconds", "Seconds from an attempt's begin to its end.", ["provider", *ORDER, "state"],
    buckets=SECONDS, registry=REGISTRY,
)  # fmt: skip
STAGE_SECONDS = Histogram(
    "genhub_stage_seconds", "Seconds of each stage of an attempt.", ["provider", "stage"], buckets=SECONDS,
    registry=REGISTRY,
)  # fmt: skip
STEPS = Counter(
    "genhub_steps", "Steps of pictures that were denoised here.", ["provider", "model"], registry=REGISTRY,
)  # fmt: skip
BATCH_SIZES = Histogram(
    "genhub_batch_size", "Attempts that a worker took as one batch.", ["provider"], buckets=(1, 2, 4, 8, 16),
    registry=REGISTRY,
)  # fmt: skip
USD = Counter("genhub_cost_usd", "What providers charge the operator, in US dollars.", ["provider", "model"],
              registry=REGISTRY)  # fmt: skip
USAGE = Counter("genhub_vendor_usage", "What vendors count: tokens, pictures, seconds.", ["provider", "kind"],
                registry=REGISTRY)  # fmt: skip
LOST = Counter("genhub_leases_lost", "Attempts whose worker died.", registry=REGISTRY)


class Follower:
    """Counts events in the order of their places, each once."""

    def __init__(self) -> None:
        self._position: int | None = None
        self._lock = threading.Lock()

    def catch_up(self) -> None:
        """Count what happened since; the first call only notes where to begin."""
        with self._lock:
            # The process of events does so, too; but nobody needs it to be there.
            place_all()
            upto = newest_position()
            if self._position is None:
                self._position = upto
            while self._position < upto:
                end = min(self._position + STRETCH, upto)
                count(figures.read_happened(self._position, end))
                self._position = end


def count(happened: list[Happened]) -> None:
    """Add events, and the attempts that ended with them, to the figures."""
    # Before anything is counted: what fails on the way is read again.
    calls = list(figures.read_calls(happened))
    for each in happened:
        count_event(each)
    for call in calls:
        count_call(call)


def count_event(each: Happened) -> None:
    """Add one event to the figures."""
    order = (each.model, size_of(each.size))
    if each.kind == Kind.SUBMITTED:
        SUBMITTED.labels(*order).inc()
    elif each.kind == Kind.CLAIMED:
        WAIT_SECONDS.labels(*order).observe(each.took.total_seconds())
    elif each.kind == Kind.ABANDONED:
        LOST.inc()
    elif each.kind in ENDS:
        ENDED.labels(*order, each.kind, each.error_code).inc()
    if each.kind == Kind.COMPLETED:
        DELIVERED.labels(*order).inc(each.data["count"])
        TASK_SECONDS.labels(*order).observe(
            each.took.total_seconds(), {"task_id": each.task_id.hex}
        )
        FOUND.labels(*order).inc(each.found_id is not None)


def count_call(call: Call) -> None:
    """Add one attempt to the figures."""
    order = (call.model, size_of(call.size))
    CALLS.labels(call.provider, *order, call.state, call.error_code).inc()
    CALL_SECONDS.labels(call.provider, *order, call.state).observe(call.took.total_seconds())
    BATCH_SIZES.labels(call.provider).observe(call.batch_size)
    for stage, seconds in call.stages.items():
        # What an adapter measured may be no number.
        if seconds is not None:
            STAGE_SECONDS.labels(call.provider, stage).observe(seconds)
    if DENOISED in call.stages:
        STEPS.labels(call.provider, call.model).inc(call.steps)
    if call.usd:
        USD.labels(call.provider, call.model).inc(float(call.usd))
    for kind, number in call.usage.items():
        if isinstance(number, int | float) and number > 0:
            USAGE.labels(call.provider, kind).inc(number)


class Standing(Collector):
    """How things stand at the moment of asking."""

    def collect(self) -> Iterable[Metric]:
        """Yield what waits, what runs, who works, and what is late."""
        waiting = GaugeMetricFamily(
            "genhub_waiting", "Orders that wait for a worker.", labels=["queue"]
        )
        oldest = GaugeMetricFamily(
            "genhub_oldest_waiting_seconds", "Age of the oldest of them.", labels=["queue"]
        )
        for queue, number, age in figures.read_waiting():
            waiting.add_metric([queue], number)
            oldest.add_metric([queue], age.total_seconds())
        at_work = GaugeMetricFamily("genhub_under_way", "Attempts that run, wait for their provider, or may be there.",
                                    labels=["provider", "state"])  # fmt: skip
        for labels, number in figures.count_under_way().items():
            at_work.add_metric(labels, number)
        held_up = GaugeMetricFamily("genhub_held_up", "1: no order of it is claimed, as staff or the breaker want.",
                                    labels=["kind", "name", "state"])  # fmt: skip
        for closed in list_held_up():
            held_up.add_metric(["queue", closed.name, closed.state], 1)
        for alias in list_paused_accounts():
            held_up.add_metric(["provider", alias, "paused"], 1)
        for alias in list_broken():
            held_up.add_metric(["model", alias, "broken"], 1)
        yield from (waiting, oldest, at_work, held_up)
        yield from tell_workers()
        yield from tell_storage()
        yield from tell_upkeep()


def tell_workers() -> Iterable[Metric]:
    """Yield who works, and each worker's memory and card."""
    workers = list_live_workers(GONE_AFTER)
    alive = GaugeMetricFamily("genhub_worker_ready", "1: would take an order; 0: alive, and not ready.",
                              labels=["worker", "queue"])  # fmt: skip
    for worker in workers:
        for queue in worker.queues:
            alive.add_metric([worker.name, queue], "unready" not in worker.facts)
    yield alive
    for word, name, what in OF_WORKER:
        figure = GaugeMetricFamily(name, what, labels=["worker"])
        for worker in workers:
            if (value := worker.facts.get(word)) is not None:
                figure.add_metric([worker.name], value)
        yield figure


def tell_storage() -> Iterable[Metric]:
    """Yield what is stored for each platform, and how much may be."""
    uses = list(read_use())
    # After what it is asked for: none of these is missing then.
    platforms = Platform.objects.in_bulk()
    stored = GaugeMetricFamily("genhub_storage_bytes", "Pictures and clips, without thumbnails.",
                               labels=["platform", "kind"])  # fmt: skip
    files = GaugeMetricFamily("genhub_storage_files", "Their number.", labels=["platform", "kind"])
    for use in uses:
        labels = [platforms[use.platform_id].code, use.kind]
        stored.add_metric(labels, use.size_bytes)
        files.add_metric(labels, use.files)
    quota = GaugeMetricFamily("genhub_storage_quota_bytes", "How much may be.", labels=["platform"])
    for platform in platforms.values():
        if platform.storage_quota_mib is not None:
            quota.add_metric([platform.code], platform.storage_quota_mib * MIB)
    yield from (stored, files, quota)


def tell_upkeep() -> Iterable[Metric]:
    """Yield whether the loops turn, webhooks leave, and the books were right."""
    loops = GaugeMetricFamily(
        "genhub_loop_ok", "1: the loop turns; 0: late, failing or never seen.", labels=["loop"]
    )
    for name, condition in examine().items():
        loops.add_metric([name], condition.state == "ok")
    alerts = GaugeMetricFamily(
        "genhub_alerts_open", "Alerts that have begun and not ended.", labels=["kind"]
    )
    for kind, number in count_open_kinds().items():
        alerts.add_metric([kind], number)
    number, lag = read_lag()
    yield from (loops, alerts)
    yield GaugeMetricFamily("genhub_webhooks_waiting", "Deliveries that are due.", value=number)
    yield GaugeMetricFamily(
        "genhub_webhooks_lag_seconds",
        "How long the oldest of them is due.",
        value=lag.total_seconds(),
    )
    if audit := find_last_audit():
        yield GaugeMetricFamily(
            "genhub_audit_findings", "What the last audit found wrong.", value=len(audit.findings)
        )
        yield GaugeMetricFamily(
            "genhub_audit_timestamp_seconds", "When it was.", value=audit.started_at.timestamp()
        )


FOLLOWER = Follower()
REGISTRY.register(Standing())
