"""Why what a provider made is not taken."""

from generation.failures.root import TaskFailure
from genhub.lib.errors import gettext_noop


class OutputRefused(TaskFailure):
    """What the provider made is not taken into the store; `storage.content` names the codes."""

    title = gettext_noop("What the provider made was not taken")


class OutputUnread(OutputRefused):
    """The provider's file did not come, or broke off."""

    code = "output_unread"
    detail = gettext_noop(
        "The provider's file did not arrive whole. Please order again. What was held was given back."
    )


class OutputUnreadable(OutputRefused):
    """The provider's file is empty, cut short or broken."""

    code = "output_unreadable"
    detail = gettext_noop(
        "The provider's file is not a whole picture. Please order again. What was held was given back."
    )


class OutputTooLarge(OutputRefused):
    """The provider's file has more bytes than is taken."""

    code = "output_too_large"
    detail = gettext_noop(
        "The provider's file has more than %(limit)s bytes. Order a smaller size. What was held was given back."
    )


class OutputSizeRefused(OutputRefused):
    """The provider's picture has more pixels than is taken, or a shape that is none."""

    code = "output_size_refused"
    detail = gettext_noop(
        "The provider's picture has too many pixels or too long a side. Order another size. What was held was given back."
    )


class OutputAnimated(OutputRefused):
    """The provider's picture moves."""

    code = "output_animated"
    detail = gettext_noop(
        "The provider's picture moves, and this hub keeps still ones only. Order with another model. What was held was "
        "given back."
    )


class OutputTypeUnsupported(OutputRefused):
    """The provider's file is of a kind that is not kept."""

    code = "output_type_unsupported"
    detail = gettext_noop(
        "The provider's file is neither PNG, JPEG nor WebP. Order with another model. What was held was given back."
    )


class OutputEditRefused(OutputRefused):
    """What the template does with each picture cannot be done with this one."""

    code = "output_edit_refused"
    detail = gettext_noop(
        "The template edits each picture, and this one does not fit what it does. Order another size, or tell the hub's "
        "staff. What was held was given back."
    )


class OutputVideoUnsupported(OutputRefused):
    """The provider made a video of an order of a picture."""

    code = "output_video_unsupported"
    detail = gettext_noop(
        "The provider made a video where a picture was ordered. Order with another model. What was held was given back."
    )


class OutputNoClip(OutputRefused):
    """The provider made no video of an order of one."""

    code = "output_no_clip"
    detail = gettext_noop(
        "The provider's file is no MP4 video. Order with another model. What was held was given back."
    )


class OutputClipUnreadable(OutputRefused):
    """The provider's clip is cut short, or broken."""

    code = "output_clip_unreadable"
    detail = gettext_noop(
        "The provider's file is not a whole clip. Please order again. What was held was given back."
    )
