"""An endpoint with a delivery, for tests that only need some."""

from genhub.lib.clock import NOW
from genhub.lib.ids import new_id, to_wire
from genhub.platforms.models import Platform
from genhub.webhooks import endpoints, outbox
from genhub.webhooks.models import DELIVERY, ENDPOINT, Delivery, EventType

URL = "https://app.example.com/hook"


def make_ids(platform: Platform) -> dict[str, str]:
    """Make an endpoint and a delivery, and return their ids by the names of routes."""
    endpoint, _ = endpoints.create(platform.pk, url=URL, events=EventType.values)
    now = Platform.objects.annotate(now=NOW).values_list("now", flat=True)[0]
    news = outbox.News(EventType.COMPLETED, new_id(), now, {"status": "completed"})
    outbox.write(platform.pk, news, outbox.list_receivers([endpoint]))
    delivery = Delivery.objects.get(endpoint=endpoint)
    return {
        "endpoint_id": to_wire(ENDPOINT, endpoint.pk),
        "delivery_id": to_wire(DELIVERY, delivery.pk),
    }
