"""What refunds are refused for."""

from generation.errors import GenerationProblem
from genhub.lib.errors import gettext_noop


class NothingToRefund(GenerationProblem):
    """The task cost nothing."""

    code = "nothing_to_refund"
    title = gettext_noop("There is nothing to refund")
    detail = gettext_noop("Nothing was held for this task.")


class RefundTooEarly(GenerationProblem):
    """The task has not ended, so nothing was captured yet."""

    code = "refund_too_early"
    title = gettext_noop("The task has not ended")
    detail = gettext_noop("It is %(state)s. What it costs is known when it has ended.")


class RefundAskedBefore(GenerationProblem):
    """Other requests, which wait, would leave too little."""

    code = "refund_asked_before"
    title = gettext_noop("Another refund of this task waits")
    detail = gettext_noop(
        "Of its credits, %(waiting)s wait for approval already; %(left)s are left to ask for."
    )


class PictureRefunded(GenerationProblem):
    """A picture was ticked that was paid back, or waits to be, or was never paid."""

    code = "picture_refunded"
    title = gettext_noop("A picture is not to be refunded again")
    detail = gettext_noop(
        "Picture %(pictures)s was refunded before, waits for approval already, or cost nothing. Nothing was changed."
    )


class OwnRefund(GenerationProblem):
    """A person decides about a refund that this person asked for."""

    code = "own_refund"
    status = 403
    title = gettext_noop("A second person must decide")
    detail = gettext_noop("You asked for this refund yourself. Nothing was changed.")


class RefundDecided(GenerationProblem):
    """The request does not wait any more."""

    code = "refund_decided"
    title = gettext_noop("This was decided before")
    detail = gettext_noop("Somebody approved or rejected it meanwhile. Nothing was changed.")


class PreviewChanged(GenerationProblem):
    """The tasks of a bulk refund are not what the person saw."""

    code = "preview_changed"
    title = gettext_noop("The tasks changed since you looked")
    detail = gettext_noop(
        "Now %(count)s tasks have %(total)s credits left to refund. Look again, then confirm."
    )


class BulkTooLarge(GenerationProblem):
    """More tasks than one bulk refund takes."""

    code = "bulk_too_large"
    status = 400
    title = gettext_noop("These are too many tasks")
    detail = gettext_noop("One bulk refund takes at most %(most)s tasks. Narrow the filter.")
