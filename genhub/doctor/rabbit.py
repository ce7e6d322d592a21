"""RabbitMQ as a broker: each queue of the kind that outlives a node, and room for what is sent."""

from collections.abc import Iterator
from typing import Any

from kombu.exceptions import OperationalError

from generation.life import doorbell, steering
from genhub.celery import app
from genhub.doctor.findings import Finding, fault, good, word
from genhub.webhooks import outbox

NAME = "broker"
# It says at once that it is full, to whoever sends something.
NEWS_SECONDS = 1


def look_at_rabbit(patience: int) -> Iterator[Finding]:
    """Look at a RabbitMQ that answers."""
    with doorbell.open_broker(patience) as broker:
        said: dict[str, Any] = broker.connection.server_properties
        about = f"{said.get('product', 'the broker')} {said.get('version', '')}".strip()
        others = [name for name in list_queues() if not is_kept_by_many(broker, name)]
        cause = find_block(broker)
    if others:
        yield fault(
            NAME,
            f"{about}: {', '.join(others)} not of type quorum: workers cannot begin",
            f"stop the workers, then `rabbitmqctl delete_queue {others[0]}`; bells are hints, no order is lost",
        )
    if cause:
        yield fault(
            NAME,
            f"{about} takes no bells: {cause}; orders are found by the sweeper alone, seconds late",
            "give it memory or disk; `rabbitmq-diagnostics alarms` says which",
        )
    if not others and not cause:
        yield good(NAME, f"{about} answers, and its queues are of type quorum")


def list_queues() -> list[str]:
    """Return the queues that the hub's workers listen to."""
    return sorted({*steering.list_queues(), outbox.QUEUE, app.conf.task_default_queue})


def is_kept_by_many(broker: Any, name: str) -> bool:
    """Declare a queue as the hub does, and return whether it is one of this kind."""
    try:
        with broker.channel() as channel:
            app.amqp.queues[name](channel).declare()
    except broker.channel_errors:
        return False
    return True


def find_block(broker: Any) -> str:
    """Send something to nobody, and return why it is not taken, or nothing when it is."""
    causes: list[str] = []
    broker.connection.on_blocked = causes.append
    try:
        with broker.channel() as channel:
            channel.basic_publish(channel.prepare_message(b""), "", "genhub-nobody")
            broker.drain_events(timeout=NEWS_SECONDS)
    except TimeoutError:
        pass
    except (OperationalError, OSError, *broker.connection_errors) as error:
        causes.append(word(error))
    return causes[0] if causes else ""
