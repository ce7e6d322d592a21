"""The providers that every hub starts with."""

from django.conf import settings

from generation.engine.small import WEIGHTS, words
from generation.models import Provider
from generation.spec import ModelCard

SMALL = ModelCard(
    alias="z-image-small",
    folder=str(WEIGHTS),
    default_width=words.DEFAULT_SIZE[0],
    default_height=words.DEFAULT_SIZE[1],
    largest_side=max(map(max, words.SIZES)),
    sizes=words.SIZES,
    default_steps=words.DEFAULT_STEPS,
    high_quality_steps=2 * words.DEFAULT_STEPS,
    default_cfg_scale=words.DEFAULT_GUIDANCE,
    longest_prompt=400,
)


def seed_local_provider() -> None:
    """Create or refresh the local provider: the small model always, Z-Image once Z_IMAGE_FOLDER names its folder."""
    cards = [SMALL]
    if settings.Z_IMAGE_FOLDER:
        cards.append(
            ModelCard(
                alias="z-image",
                folder=settings.Z_IMAGE_FOLDER,
                default_negative_prompt="nsfw, low quality, text, watermark",
            )
        )
    provider, _ = Provider.objects.get_or_create(
        alias="local", defaults={"adapter": "local", "queue": "local"}
    )
    provider.cards = {**provider.cards, **{card.alias: card.to_json() for card in cards}}
    provider.save(update_fields=["cards"])
