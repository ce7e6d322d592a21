"""The reasons that staff give: how long one must be, for forms and services alike."""

from genhub.lib.errors import Problem, gettext_noop

SHORTEST_REASON = 10
LONGEST_REASON = 500


class ReasonTooShort(Problem):
    """Staff gave no real reason."""

    code = "reason_too_short"
    status = 400
    title = gettext_noop("A reason is needed")
    detail = gettext_noop("Say why in at least %(least)s characters; it stays in the ledger.")


def check_reason(reason: str) -> str:
    """Return a reason without spaces around it, or raise ReasonTooShort."""
    reason = reason.strip()
    if len(reason) < SHORTEST_REASON:
        raise ReasonTooShort(least=SHORTEST_REASON)
    return reason
