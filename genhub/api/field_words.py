"""What is said of fields that several answers have, where they mean the same."""

from typing import Final

from django.utils.translation import gettext_lazy as _

CODE: Final = _("A stable word: decide by it. All stand at the document's head.")
TITLE: Final = _("The code in the reader's language.")
MESSAGE: Final = _("What is so, and what to do, in the reader's language.")

USER: Final = _("Whose it is: the end user, by the name that your app gave.")
PLATFORM: Final = _("The code of your platform.")
CREATED: Final = _("When it was made.")
ORDERED: Final = _("When it was ordered.")
STARTED: Final = _("When work on it began. Null: not yet.")
CANCELED: Final = _("Its end, where it was canceled.")
EXPIRES: Final = _("From then on it is refused.")
REVOKED: Final = _("When it was ended before its time. Null: it was not.")

TASK: Final = _("The id of a task: `task_…`.")
BATCH: Final = _("The id of a batch: `batch_…`.")
ARTIFACT: Final = _("The id of a picture or clip: `art_…`.")

FILE_URL: Final = _("Redirects to a fresh link and never dies.")
THUMBNAIL_URL: Final = _(
    "Redirects to a fresh link to a JPEG of 200 × 200 pixels, cut from the middle; to the picture itself while there is none."
)
POSTER_URL: Final = _(
    "A JPEG of its first frame, at most 1,920 pixels a side. Null: there is none."
)
PREVIEW_URL: Final = _(
    "A moving WebP of its first three seconds, at most 320 pixels a side. Null: there is none."
)
SHA256: Final = _("The SHA-256 of the stored file, as 64 hexadecimal digits.")
CONTENT_TYPE: Final = _("The type of the stored file, such as `image/webp`.")
SIZE_BYTES: Final = _("The size of the stored file in bytes.")
SEED: Final = _("The seed that it was drawn from, 0 to 2⁶³−1. Null: not known.")
HAS_AUDIO: Final = _("Whether it has sound.")

MEDIA_TYPE: Final = _("What it makes in the end: a picture (image) or a clip (video).")
TEMPLATE: Final = _("The template version that it runs. Null: it was ordered without a template.")
TEMPLATE_CODE: Final = _("What orders name as “template”.")
TEMPLATE_NAME: Final = _("The template's name, for people.")
TEMPLATE_CATEGORY: Final = _("What staff filed it under; empty: nothing.")
MODE: Final = _("fast, fine, or null: the usual way.")
MODEL: Final = _("The alias of the model, as GET models lists it.")
ASKED_NUMBER: Final = _("How many pictures were ordered; 1 of a clip.")
RESULT_URL: Final = _("Where its pictures are, once there are any.")
FAILURE: Final = _("Why it failed; null otherwise.")
TASK_METADATA: Final = _(
    "What the order said as “metadata”; empty where it said nothing, and once the hub has deleted the order's texts."
)
BATCH_METADATA: Final = _("What the request said as “metadata”; empty where it said nothing.")
BATCH_URL: Final = _("Where the batch is read.")
ENDED: Final = _("When the last of its tasks ended. Null: some are under way.")

CREDITS: Final = _("What it costs and what became of that, in whole credits.")
ESTIMATED_COST: Final = _(
    "What it may cost the hub in US dollars, as its prices stand. Null: not known."
)
ENTRY_ID: Final = _("The id of an entry of the statement: `entry_…`.")
ENTRY_KIND: Final = _(
    "grant: put in. hold: reserved. capture: taken for what was delivered. release: given back of a hold. refund: given back after a capture. expire: their time was over. overrun: delivered beyond the hold, which the hub paid. adjust: corrected by staff."
)
MOVED: Final = _("When they moved.")
REASON_CODE: Final = _("Stable; of an app's grant its kind, null where staff wrote.")
DECIDED_BY: Final = _("What set the price before factors and discount.")
FACTORS: Final = _("Each rule that multiplied the price, by name; empty: none did.")
