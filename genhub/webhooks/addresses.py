"""Addresses of receivers, judged when they are named; each is judged again, and pinned, whenever it is dialled."""

from django.conf import settings

from genhub.lib.errors import gettext_noop, refuse_field
from genhub.lib.fetch import FetchRefused
from genhub.lib.posting import check_target
from genhub.webhooks.models import LONGEST_URL

BAD_ADDRESS = gettext_noop(
    "Only plain https:// addresses on the public internet are called: without name and password, and without a port of "
    "their own."
)
TOO_LONG = gettext_noop("An address may have %(most)s characters.")


def check_url(url: str, field: str) -> None:
    """Raise InvalidRequest, naming the field, for an address that would never be called."""
    if len(url) > LONGEST_URL:
        raise refuse_field(field, "too_long", TOO_LONG, most=LONGEST_URL)
    try:
        check_target(url, settings.WEBHOOK_HOSTS)
    except FetchRefused as error:
        # Not why: what a name stands for inside of our network is nobody's to learn.
        raise refuse_field(field, "bad_address", BAD_ADDRESS) from error
