"""What the document says of every message alike: its headers, its signature, and how it is tried again."""

from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from genhub.webhooks.sending import DELAYS, HOUR, MINUTE


def describe_sending(result: dict[str, Any], **_words: Any) -> dict[str, Any]:
    """Return the document with the headers of its webhooks, and what a receiver's answers lead to."""
    for operations in result.get("webhooks", {}).values():
        for operation in operations.values():
            operation["description"] = describe_tries()
            operation["parameters"] = [
                header("webhook-id", _("The same for each try of a message: remember those that you have handled.")),
                header("webhook-timestamp", _("When this try was sent, in seconds since 1970; refuse what is older than 5 minutes.")),
                header("webhook-signature", _("`v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64, by the bytes that stand in base64 after `whsec_`; two of them, with a space between, while two secrets are in force.")),
            ]  # fmt: skip
            operation["responses"] |= {
                "410": {
                    "description": _("Nothing more shall be sent: the endpoint is switched off.")
                },
                "default": {"description": _("It is tried again.")},
            }
    return result


def describe_tries() -> str:
    """Return how a message is sent, and when again."""
    return _(
        "Sent to endpoints that ask for the event; signed as [Standard Webhooks](https://www.standardwebhooks.com) has it. Answer 2xx within %(seconds)s s, then work. Anything else, a redirect too, is tried again after %(delays)s, a little later each; a `Retry-After` makes it later still. After %(tries)s tries the delivery is `failed`. A message may come twice, and messages in any order."
    ) % {
        "seconds": settings.WEBHOOK_SECONDS,
        "delays": ", ".join(map(word_delay, DELAYS)),
        "tries": len(DELAYS) + 1,
    }


def word_delay(seconds: int) -> str:
    """Return so many seconds in the largest unit of which they are whole ones."""
    for length, unit in ((HOUR, "h"), (MINUTE, "min")):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def header(name: str, description: str) -> dict[str, Any]:
    """Return a header of each message."""
    schema = {"type": "string"}
    return {"in": "header", "name": name, "required": True, "description": description, "schema": schema}  # fmt: skip
