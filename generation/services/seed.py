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
    """Create or refresh the local provider: the small model always, Z-Image while Z_IMAGE_FOLDER names its folder."""
    z_image = ModelCard(
        alias="z-image",
        folder=settings.Z_IMAGE_FOLDER,
        default_negative_prompt="nsfw, low quality, text, watermark",
    )
    provider, _ = Provider.objects.get_or_create(
        alias="local", defaults={"adapter": "local", "queue": "local"}
    )
    price = {"usd_per_picture": settings.LOCAL_USD_PER_PICTURE}
    provider.cards[SMALL.alias] = SMALL.to_json() | price
    if z_image.folder:
        provider.cards[z_image.alias] = z_image.to_json() | price
    else:
        provider.cards.pop(z_image.alias, None)
    provider.save(update_fields=["cards"])
