"""What of webhooks goes when: messages with their deliveries, once none of them waits."""

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext_lazy as _

from genhub.platforms.idempotency import Scope
from genhub.platforms.models import IdempotencyKey
from genhub.retention.rules import Rule
from genhub.webhooks.models import Delivery, Message


def find_messages() -> QuerySet[Message]:
    """Return the messages of which nothing waits."""
    waiting = Delivery.objects.filter(message=OuterRef("pk"), state=Delivery.State.WAITING)
    return Message.objects.filter(~Exists(waiting))


RULES = (
    Rule(
        "webhook_messages",
        _("Webhook messages with their deliveries"),
        find_messages,
        days="webhooks",
        # Whose orders they tell of is not known here.
        owner=("platform", ""),
    ),
    Rule(
        "endpoint_keys",
        _("Idempotency keys of webhook endpoints"),
        lambda: IdempotencyKey.objects.filter(scope=Scope.ENDPOINT),
        days="keys",
    ),
)
