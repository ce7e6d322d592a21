"""What is said of parameters that say nothing themselves: parts of addresses, and headers, by their names."""

from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from genhub.api import field_words

WORDS: Final = {
    "Idempotency-Key": _(
        "1 to 255 bytes of your own: the same key and body again do nothing twice."
    ),
    "If-None-Match": _("An `ETag` of before: 304 where the answer is still the same."),
    "artifact_id": field_words.ARTIFACT,
    "batch_id": field_words.BATCH,
    "delivery_id": _("The id of a delivery: `dlv_…`."),
    "endpoint_id": _("The id of a webhook endpoint: `ep_…`."),
    "erasure_id": _("The id of a deletion."),
    "file_id": _("The id of a picture: `art_…`."),
    "link_id": _("The id of a share link."),
    "name": _("The name of a subject."),
    "task_id": field_words.TASK,
    "token_id": _("The id of a browser token."),
    "upload_id": _("The id of an announced upload."),
}


def describe(parameter: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter with what it is, in the reader's language."""
    words = {"description": str(WORDS[name])} if (name := parameter["name"]) in WORDS else {}
    return words | parameter
