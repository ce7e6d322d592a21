"""The only sender of jobs. A job is a doorbell: it names a queue, and losing it costs seconds.

So nobody waits for a broker: who cannot be reached at once is not asked again for a few seconds, and the sweeper rings
for what was missed.
"""

import logging
import threading
import time
from functools import cache
from typing import Any

from celery import current_app
from celery.utils import uuid
from django.conf import settings
from django.db import transaction
from kombu import Connection, pools
from kombu.exceptions import OperationalError

from genhub.lib import tracing
from genhub.lib.sentinels import SCHEME
from genhub.webhooks import outbox

logger = logging.getLogger(__name__)

WORK = "generation.work"
# Queues whose job is another app's.
JOBS = {outbox.QUEUE: outbox.JOB}
# So long a broker that could not be reached is not tried again by this process.
SILENCE_SECONDS = 3.0
# Health asks without an order that waits, and must not call a busy broker dead.
HEALTH_PATIENCE = 3
# Kombu's name for the protocol of RabbitMQ.
RABBIT = "amqp"


class Silence:
    """Whether this process leaves the broker alone; its threads share one, so that a failure is paid for once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends_at = 0.0

    def is_on(self) -> bool:
        """Return whether the broker could not be reached a moment ago."""
        return time.monotonic() < self._ends_at

    def begin(self) -> bool:
        """Leave the broker alone for a while; False when another thread already said so."""
        with self._lock:
            is_new = not self.is_on()
            self._ends_at = time.monotonic() + SILENCE_SECONDS
            return is_new

    def end(self) -> None:
        """Ask the broker again."""
        self._ends_at = 0.0


silence = Silence()


def ring_after_commit(queue: str) -> None:
    """Ring a queue once the transaction is durable."""

    # A function with a name: Django names a robust hook that failed in its log.
    def ring_now() -> None:
        with tracing.span("ring", kind="producer", queue=queue) as told:
            if not ring(queue):
                told.fail("not delivered")

    transaction.on_commit(ring_now, robust=True)


def ring(queue: str) -> bool:
    """Ring a queue; False when the broker cannot be reached at once, which is logged and left to the sweeper."""
    if silence.is_on():
        return False
    broker = broker_of_bells(str(current_app.conf.broker_write_url), settings.BROKER_PATIENCE_MS)
    try:
        with pools.producers[broker].acquire(block=True) as producer:
            send(producer, JOBS.get(queue, WORK), queue)
    except failures(broker) as error:
        if silence.begin():
            logger.warning("doorbell of %s not delivered (the sweeper will ring): %s", queue, error)
        return False
    return True


def send(producer: Any, job: str, queue: str) -> None:
    """Send a job to a queue. `send_task` would ask first how it is to be sent, and for these all is as usual."""
    amqp, words = current_app.amqp, {"queue": queue}
    keep_client(producer.channel)
    # Said here, since to find out how to show the words takes longer than to send them.
    message = amqp.create_task_message(
        uuid(),
        job,
        kwargs=words,
        argsrepr="()",
        kwargsrepr=f"a doorbell of queue {queue}, no order",
    )
    amqp.send_task_message(
        producer, job, message, queue=queue, retry=False, declare=list_declared(producer, queue)
    )


def list_declared(producer: Any, queue: str) -> list[Any]:
    """Return what must be there before a bell is sent: RabbitMQ drops one for a queue that no worker has declared yet.

    A connection asks once for each queue. In Valkey a queue is there as soon as something is in it.
    """
    is_rabbit = producer.connection.transport.driver_type == RABBIT
    return [current_app.amqp.queues[queue]] if is_rabbit else []


def keep_client(channel: Any) -> None:
    """Have a channel to Valkey send all its messages by one client: else each has its own, in a fifth of its time."""
    make = getattr(channel, "_create_client", None)
    if make and "_create_client" not in vars(channel):
        client = make()
        channel._create_client = lambda asynchronous=False: (  # noqa: SLF001 (kombu has no setting for it)
            make(asynchronous=True) if asynchronous else client
        )


def reaches_broker() -> bool:
    """Return whether the broker answers now."""
    return not find_fault(HEALTH_PATIENCE)


def find_fault(patience: int) -> str:
    """Return why the broker does not answer, or nothing when it does."""
    with open_broker(patience) as broker:
        try:
            # Not the connection alone: a broker that takes it may still never answer.
            broker.default_channel  # noqa: B018
        except failures(broker) as error:
            return str(error) or type(error).__name__
    return ""


@cache
def broker_of_bells(_url: str, _patience_ms: int) -> Connection:
    """Return the connection, made for these settings, by which the pool of those who ring is found: to make one takes
    as long as to ring."""
    return open_broker()


def open_broker(patience: int = 1) -> Connection:
    """Return a connection, not yet made, that gives up after BROKER_PATIENCE_MS at each step and does not try again.

    Of several brokers each is tried once; several sentinels are asked for one.
    """
    seconds = patience * settings.BROKER_PATIENCE_MS / 1000
    url = str(current_app.conf.broker_write_url)
    others = 0 if url.startswith(f"{SCHEME}://") else url.count(";")
    to_sentinels = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("sentinel_kwargs", {})
    sockets = {"socket_connect_timeout": seconds, "socket_timeout": seconds}
    return current_app.connection_for_write(
        connect_timeout=seconds,
        transport_options={
            **sockets,
            "sentinel_kwargs": {**to_sentinels, **sockets},
            # The same of RabbitMQ, which lets senders wait when its disk or memory is full.
            "read_timeout": seconds,
            "write_timeout": seconds,
            "max_retries": others,
            "connect_retries_timeout": (others + 1) * seconds,
        },
    )


def failures(broker: Connection) -> tuple[type[BaseException], ...]:
    """Return what a broker that is away or silent raises; some of it comes as its library's own."""
    return (OperationalError, OSError, *broker.connection_errors, *broker.channel_errors)
