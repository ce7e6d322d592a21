"""The address that an order names to be told at: judged before anything is written."""

import uuid

from genhub.lib.errors import gettext_noop, refuse_field
from genhub.webhooks.addresses import check_url
from genhub.webhooks.outbox import find_orders_endpoint

FIELD = "webhook"
NOBODY_SIGNS = gettext_noop(
    "Nothing would sign the call: make the endpoint that does with a platform's key (POST /api/v1/webhooks without “url”), "
    "or enable it, and keep its secret."
)


def check_webhook(url: str | None, platform_id: uuid.UUID) -> None:
    """Raise InvalidRequest for an address that is never called, or whose calls nothing would sign."""
    if url is None:
        return
    check_url(url, FIELD)
    if find_orders_endpoint(platform_id) is None:
        raise refuse_field(FIELD, "nobody_signs", NOBODY_SIGNS)
