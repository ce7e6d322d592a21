"""How findings stand on pages: who found what, as which coloured word, and a picture that nobody makes out."""

import io
import logging
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from PIL import Image

from generation.admin.words import data_uri
from generation.models import Finding, Task
from generation.models.term import Category
from genhub.admin.show import badge, link, table
from storage.selectors import read_thumbnail

if TYPE_CHECKING:
    from storage.models import Artifact

logger = logging.getLogger(__name__)
STATE_COLOURS = {
    Finding.State.OPEN: "warning",
    Finding.State.RELEASED: "success",
    Finding.State.KEPT: "danger",
}
OUTCOME_COLOURS = {
    Finding.Outcome.FLAGGED: "info",
    Finding.Outcome.BLOCKED: "danger",
    Finding.Outcome.REFUSED: "danger",
}
# So few that shapes and faces are gone, whatever a browser makes of them.
BLURRED_PIXELS = (6, 6)
LONGEST_EXCERPT = 120


def state_badge(row: Finding) -> SafeString:
    """Return where staff stand as a coloured word."""
    return badge(row.get_state_display(), STATE_COLOURS[Finding.State(row.state)])


def outcome_badge(row: Finding) -> SafeString:
    """Return what became of it as a coloured word."""
    return badge(row.get_outcome_display(), OUTCOME_COLOURS[Finding.Outcome(row.outcome)])


def word_labels(row: Finding) -> str:
    """Return what it was found to be: of a term its category and itself, else the labels of who judged."""
    if row.source == Finding.Source.TERM:
        category, *terms = row.labels
        word = dict(Category.choices).get(category, category)
        return gettext("%(category)s: “%(term)s”") % {"category": word, "term": " ".join(terms)}
    labels = [gettext("nobody judged it") if label == "unjudged" else label for label in row.labels]
    return ", ".join(labels)


def word_finder(row: Finding) -> str:
    """Return who found it."""
    found_by = row.get_source_display()
    return f"{found_by} ({row.service})" if row.service else str(found_by)


def excerpt(row: Finding) -> str:
    """Return the beginning of a text that was judged."""
    return Truncator(row.text).chars(LONGEST_EXCERPT)


def blur(artifact: "Artifact") -> SafeString | str:
    """Return a picture as some patches of colour: what it shows never leaves the store for this."""
    try:
        with Image.open(io.BytesIO(read_thumbnail(artifact))) as image:
            small = image.convert("RGB").resize(BLURRED_PIXELS, Image.Resampling.BOX)
    except Exception:
        # Each store raises its own, and a page must show the others.
        logger.exception("no thumbnail of %s", artifact.key)
        return "–"
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=80)
    return format_html('<img class="hub-blurred" src="{}" alt="{}">', data_uri(buffer.getvalue()), gettext("Blurred picture"))  # fmt: skip


def findings_table(request: HttpRequest, task: Task) -> SafeString | str:
    """Return what was found in an order, each with the way to its decision, for those who decide; else nothing."""
    if not request.user.has_perm("generation.decide_findings"):
        return ""
    rows = [
        [
            link("generation_finding", row.pk, word_labels(row)),
            _("prompt") if row.position is None else row.position + 1,
            outcome_badge(row),
            state_badge(row),
        ]
        for row in Finding.objects.filter(task=task).order_by("pk")
    ]
    headers = [_("found"), _("picture"), _("outcome"), _("state")]
    return table(headers, rows) if rows else ""
