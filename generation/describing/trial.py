"""A vision model tried by hand: a picture of the hub's own is shown to it, and what it says of that."""

from dataclasses import dataclass, replace
from typing import Final

from PIL import Image, ImageDraw

from generation.describing import vision
from generation.models import Describer
from generation.moderation.pictures import encode
from generation.moderation.standing import UNUSABLE, settings_of, unusable
from generation.providers import evidence
from generation.providers.errors import ProviderError

# Somebody waits before the page.
ANSWER_SECONDS: Final = 30.0
LONGEST_SHOWN: Final = 500
SIDE_PIXELS: Final = 256


@dataclass(frozen=True)
class Tried:
    """What a model said of the picture; or that it does not describe it; or why nothing came, and the words of that."""

    alt: str = ""
    is_declined: bool = False
    why: str | None = None
    error: str = ""


def draw_sample() -> Image.Image:
    """Return a red circle on a yellow ground: nobody's picture, and easily told."""
    image = Image.new("RGB", (SIDE_PIXELS, SIDE_PIXELS), "gold")
    edge = SIDE_PIXELS // 4
    ImageDraw.Draw(image).ellipse((edge, edge, 3 * edge, 3 * edge), fill="crimson")
    return image


def try_describer(row: Describer, language: str) -> Tried:
    """Show a model the sample, outside any transaction; a failure changes nothing."""
    try:
        account = settings_of(row)
    except UNUSABLE as error:
        return Tried(error=str(unusable(error))[:LONGEST_SHOWN])
    try:
        account = replace(account, answer_seconds=min(account.answer_seconds, ANSWER_SECONDS))
        return Tried(vision.describe(account, row.model, encode(draw_sample()), language))
    except vision.Declined:
        return Tried(is_declined=True)
    except ProviderError as error:
        secrets = [account.key] if account.key else []
        return Tried(why=error.why, error=evidence.hide(str(error), secrets)[:LONGEST_SHOWN])
    except UNUSABLE as error:
        return Tried(error=str(unusable(error))[:LONGEST_SHOWN])
