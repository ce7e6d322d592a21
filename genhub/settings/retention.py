"""How long what nobody needs for ever is kept."""

from genhub.settings.parts import at_least

__all__ = ["ERASURE_KEPT", "ERASURE_RENAMES", "ERASURE_STEPS", "KEEP_DAYS", "RETENTION_RULES"]

LONGEST_DAYS = 36_500

# Days; 0: for ever. The rows of orders, pictures, transfers and holds have no age: they are never deleted. Of the kinds
# in `genhub.retention.ages` each platform may have days of its own.
KEEP_DAYS = {
    # The files of what was generated, of what edits made, and of uploads that orders named.
    "outputs": at_least("KEEP_OUTPUTS_DAYS", 0, 0, LONGEST_DAYS),
    "edits": at_least("KEEP_EDITS_DAYS", 0, 0, LONGEST_DAYS),
    "uploads": at_least("KEEP_UPLOADS_DAYS", 0, 0, LONGEST_DAYS),
    # The files of withheld pictures, so long after they were withheld, once staff have decided.
    "withheld": at_least("KEEP_WITHHELD_DAYS", 0, 0, LONGEST_DAYS),
    # What was written in orders that have ended.
    "prompts": at_least("KEEP_PROMPTS_DAYS", 0, 0, LONGEST_DAYS),
    # Idempotency keys of orders and uploads; those of orders at least a day beyond the task's end.
    "keys": at_least("KEEP_KEYS_DAYS", 30, 0, LONGEST_DAYS),
    # The steps of tasks that have ended; what a task cost and delivered stays.
    "events": at_least("KEEP_EVENTS_DAYS", 365, 0, LONGEST_DAYS),
    # The seeds of subjects that no order named for so long: usually for ever, since a series may go on after years.
    "subjects": at_least("KEEP_SUBJECTS_DAYS", 0, 0, LONGEST_DAYS),
    # Uploaded pictures that no order ever named.
    "unused_uploads": at_least("KEEP_UNUSED_UPLOADS_DAYS", 30, 0, LONGEST_DAYS),
    # Prompts that were refused, and why.
    "refused_prompts": at_least("KEEP_REFUSED_PROMPTS_DAYS", 30, 0, LONGEST_DAYS),
    # Clean audits of what was new, once a clean audit of all books came after them.
    "audits": at_least("KEEP_AUDITS_DAYS", 90, 0, LONGEST_DAYS),
    # What apps were told, and how that went, once nothing of it waits.
    "webhooks": at_least("KEEP_WEBHOOKS_DAYS", 30, 0, LONGEST_DAYS),
    # Alerts that are over.
    "alerts": at_least("KEEP_ALERTS_DAYS", 90, 0, LONGEST_DAYS),
    # Workers that gave no sign of life for so long, and loops that there are no more.
    "workers": at_least("KEEP_WORKERS_DAYS", 7, 0, LONGEST_DAYS),
}
# The rules of every app; retention itself knows none of them.
RETENTION_RULES = (
    "credits.retention.RULES",
    "generation.retention.RULES",
    "storage.retention.RULES",
    "genhub.webhooks.retention.RULES",
    "genhub.alerts.retention.RULES",
    "genhub.platforms.browser_tokens.retention.RULES",
    "genhub.users.retention.RULES",
)
# What goes when a user's data is deleted, in this order: what is under way first, files once nothing makes any.
ERASURE_STEPS = (
    "generation.retention.erasure.STEPS",
    "storage.erasure.STEPS",
    "credits.erasure.STEPS",
    "genhub.platforms.erasure.STEPS",
)
# The books' new name for them. The purse first: an order that holds it now is seen by what comes after.
ERASURE_RENAMES = (
    "credits.erasure.rename",
    "generation.retention.erasure.rename",
    "storage.erasure.rename",
    "genhub.platforms.erasure.rename",
)
ERASURE_KEPT = (
    "credits.erasure.KEPT",
    "generation.retention.erasure.KEPT",
    "storage.erasure.KEPT",
    "genhub.platforms.erasure.KEPT",
)
