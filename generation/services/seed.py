"""The providers that every hub starts with."""

from pathlib import Path

from django.conf import settings

from generation.models import Provider
from generation.spec import ModelCard

SMALL_FOLDER = Path(__file__).resolve().parents[1] / "engine" / "small" / "weights"
SMALL = ModelCard(
    alias="z-image-small",
    folder=str(SMALL_FOLDER),
    default_width=256,
    default_height=256,
    largest_side=256,
    sizes=((128, 128), (192, 192), (256, 256), (256, 192), (192, 256)),
    default_steps=12,
    high_quality_steps=24,
    default_cfg_scale=2.0,
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
