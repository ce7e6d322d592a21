"""Addresses of receivers, judged when they are named; each is judged again, and pinned, whenever it is dialled."""

from django.conf import settings

from genhub.lib import fetch
from genhub.lib.errors import gettext_noop, refuse_field
from genhub.lib.posting import check_target
from genhub.webhooks.models import LONGEST_URL

BAD_ADDRESS = gettext_noop(
    "Only plain https:// addresses on the public internet are called: without name and password, and without a port of "
    "their own."
)
NOT_HTTPS = gettext_noop(
    "It must begin with https://. Others are called only where the hub's operator names them (WEBHOOK_HOSTS)."
)
OWN_PORT = gettext_noop(
    "It names a port; leave that out. Others are called only where the hub's operator names them (WEBHOOK_HOSTS)."
)
PRIVATE = gettext_noop(
    "It is not on the public internet. Such are called only where the hub's operator names them (WEBHOOK_HOSTS)."
)
WHY = {fetch.NOT_HTTPS: NOT_HTTPS, fetch.OWN_PORT: OWN_PORT}
TOO_LONG = gettext_noop("An address may have %(most)s characters.")


def check_url(url: str, field: str) -> None:
    """Raise InvalidRequest, naming the field, for an address that would never be called."""
    if len(url) > LONGEST_URL:
        raise refuse_field(field, "too_long", TOO_LONG, most=LONGEST_URL)
    try:
        check_target(url, settings.WEBHOOK_HOSTS)
    except fetch.FetchRefused as error:
        # As far as the address shows it by itself: what a name stands for inside of our network is nobody's to learn.
        is_private = error.code == fetch.Reason.PRIVATE
        message = PRIVATE if is_private else WHY.get(error.fault, BAD_ADDRESS)
        raise refuse_field(field, "bad_address", message) from error
