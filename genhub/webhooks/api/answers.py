"""Endpoints and deliveries as apps see them."""

import json
from typing import Any

from genhub.lib.ids import to_wire
from genhub.webhooks.models import DELIVERY, ENDPOINT, MESSAGE, Delivery, Endpoint


def answer_endpoint(endpoint: Endpoint) -> dict[str, Any]:
    """Return an endpoint, without its secret."""
    return {
        "id": to_wire(ENDPOINT, endpoint.pk),
        "url": endpoint.url or None,
        "description": endpoint.description,
        "events": endpoint.events,
        "enabled": endpoint.is_enabled,
        "disabled_why": endpoint.disabled_why or None,
        "disabled_at": endpoint.disabled_at,
        "failures": endpoint.failures,
        "failing_since": endpoint.failing_since,
        "previous_secret_until": endpoint.previous_until,
        "created_at": endpoint.created_at,
    }


def answer_delivery(delivery: Delivery) -> dict[str, Any]:
    """Return how a delivery stands, with what it tells and each answer."""
    message = delivery.message
    return {
        "id": to_wire(DELIVERY, delivery.pk),
        "message_id": to_wire(MESSAGE, message.pk),
        "event": message.type,
        "url": delivery.url or delivery.endpoint.url,
        "state": delivery.state,
        "tries": delivery.tries,
        "next_try_at": delivery.due_at if delivery.state == Delivery.State.WAITING else None,
        "delivered_at": delivery.delivered_at,
        "created_at": delivery.created_at,
        "answers": delivery.answers,
        "payload": json.loads(message.payload),
    }
