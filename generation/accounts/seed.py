"""The account and the offers that every hub starts with."""

from dataclasses import replace
from typing import Any

from django.conf import settings

from generation.engine.small import DEFAULT_GUIDANCE, DEFAULT_SIZE, DEFAULT_STEPS, SIZES, WEIGHTS
from generation.models import Account, Offer
from generation.models.offer import columns_of
from generation.spec import ModelCard, ModeSettings

SMALL = ModelCard(
    alias="z-image-small",
    folder=str(WEIGHTS),
    default_width=DEFAULT_SIZE[0],
    default_height=DEFAULT_SIZE[1],
    largest_side=max(map(max, SIZES)),
    sizes=SIZES,
    default_steps=DEFAULT_STEPS,
    default_cfg_scale=DEFAULT_GUIDANCE,
    longest_prompt=400,
)
# The small model taught to draw outlines: the example of a style's weights.
OUTLINES = WEIGHTS.parent / "styles" / "outlines.safetensors"
NEGATIVE_PROMPT = "nsfw, low quality, text, watermark"
# The distilled model: made for 8 steps, with guidance built in.
Z_IMAGE_TURBO = ModelCard(
    alias="z-image-turbo",
    default_width=1024,
    default_height=1024,
    smallest_side=512,
    default_steps=8,
    fast=ModeSettings(width=512, height=512, steps=8),
    default_cfg_scale=0.0,
    largest_cfg_scale=5.0,
)
# As others measure it: 28 steps with guidance 4 (xinference pull request 5121), or 50 steps.
Z_IMAGE = ModelCard(
    alias="z-image",
    default_steps=28,
    fine=ModeSettings(width=1024, height=1024, steps=50),
    largest_steps=100,
    default_cfg_scale=4.0,
    default_negative_prompt=NEGATIVE_PROMPT,
)
LIUJUAN = ModelCard(
    alias="liujuan",
    default_steps=12,
    default_cfg_scale=2.0,
    default_negative_prompt=NEGATIVE_PROMPT,
)
# What staff change of one of these parts, they change of all of it: values that belong together stay together.
PLACE, WEIGHT_FILES = ("folder", "revision"), ("weights",)
APART = (PLACE, WEIGHT_FILES, ("loras",), ("is_enabled",), ("usd_per_picture",))


def seed_local_provider() -> None:
    """Create the local provider and its models, and refresh what nobody has changed since it was seeded.

    What staff changed stays, whatever settings or a new release say: a model's LoRAs, its cost, whether it is offered,
    and its sizes, steps, guidance and prompts as a whole. Only a folder, revision or weights that a setting names (or
    the release, for its own models) are always that. A model is offered while its place is known, unless staff
    switched it off.
    """
    account, _ = Account.objects.get_or_create(
        alias="local", defaults={"adapter": "local", "queue": "local"}
    )
    for card, is_offered in list_cards():
        seed_model(account, card, is_offered=is_offered)


def list_cards() -> list[tuple[ModelCard, bool]]:
    """Return every model that is described out of the box, and whether this hub has its weights."""
    z_image = replace(Z_IMAGE, folder=settings.Z_IMAGE_FOLDER, revision=settings.Z_IMAGE_REVISION)
    turbo = replace(
        Z_IMAGE_TURBO,
        folder=settings.Z_IMAGE_TURBO_FOLDER,
        revision=settings.Z_IMAGE_TURBO_REVISION,
    )
    outlines = replace(SMALL, alias="z-image-small-outlines", weights=(str(OUTLINES),))
    liujuan, base = LIUJUAN, z_image if z_image.folder else turbo
    if weights := tuple(settings.LIUJUAN_WEIGHTS):
        liujuan = replace(liujuan, folder=base.folder, revision=base.revision, weights=weights)
    return [
        (SMALL, True),
        (outlines, OUTLINES.is_file()),
        (turbo, bool(turbo.folder)),
        (z_image, bool(z_image.folder)),
        (liujuan, bool(liujuan.folder)),
    ]


def seed_model(account: Account, card: ModelCard, *, is_offered: bool) -> None:
    """Create a model, or refresh each part of it that still is as it was seeded."""
    card = replace(card, usd_per_picture=settings.LOCAL_USD_PER_PICTURE)
    row = Offer.objects.filter(account=account, alias=card.alias).first()
    row = row or Offer(account=account, alias=card.alias)
    values = columns_of(card) | {"is_enabled": is_offered}
    found = columns_of(row.card()) | {"is_enabled": row.is_enabled}
    numbers = tuple(set(values).difference(*APART))
    # What is named by a setting or the release; an empty one leaves the part to staff.
    dictated = [part for part in (PLACE, WEIGHT_FILES) if values[part[0]]]
    seeded: dict[str, Any] = {}
    for part in (*APART, numbers):
        # A name that was not seeded yet came with this release.
        was_seeded = {name: row.seeded.get(name, found[name]) for name in part}
        if part in dictated or all(found[name] == was_seeded[name] for name in part):
            for name in part:
                setattr(row, name, values[name])
                was_seeded[name] = values[name]
        # What was not written is still compared with what was: else a later change would overwrite what is staff's.
        seeded |= was_seeded
    row.seeded = seeded
    row.save()
