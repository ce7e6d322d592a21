"""Why an operation of an edit cannot be done, by its stable code."""

from typing import Final

from genhub.lib.errors import Problem, gettext_noop

A_CLIP: Final = gettext_noop("This is a clip; name a picture.")
UNKNOWN_PICTURE: Final = gettext_noop("There is no picture of this id among those of this owner.")
TOO_MUCH: Final = gettext_noop(
    "It takes more time or memory than the hub gives an edit. Name fewer operations, or edit a smaller picture."
)
REASONS: Final = {
    "outside": gettext_noop(
        "It reaches beyond the picture, which is %(width)s × %(height)s pixels at this point."
    ),
    "too_large": gettext_noop(
        "The picture would become %(width)s × %(height)s pixels; a side may have %(side)s, and all of it %(pixels)s."
    ),
    "does_not_fit": gettext_noop(
        "The text does not fit into the picture, which is %(width)s × %(height)s pixels at this point. Make it smaller or "
        "shorter, or its box wider."
    ),
    "no_glyph": gettext_noop(
        "The font “%(font)s” has no sign “%(sign)s” (%(number)s, %(name)s). Leave it out, or name another font."
    ),
    "unknown": gettext_noop("There is no font of this name; there are: %(fonts)s."),
    "transparent": gettext_noop(
        "The picture is transparent in parts, which JPEG cannot be. Add the operation “flatten”, or name webp or png."
    ),
    "lossless": gettext_noop("PNG is without loss; leave it out, or name webp or jpeg."),
}


class NotAPicture(Problem):
    """What is to be edited, or drawn smaller, moves."""

    code = "not_a_picture"
    status = 409
    title = gettext_noop("This is a clip")
    detail = gettext_noop(
        "Edits and previews are made of pictures. Nothing was created or charged."
    )
