"""The account and the offers that every hub starts with."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.db import transaction

from generation.engine.small import DEFAULT_GUIDANCE, DEFAULT_SIZE, DEFAULT_STEPS, SIZES, WEIGHTS
from generation.models import Account, LocalWeights, Offer
from generation.models.offer import columns_of
from generation.models.weights import columns_of_place
from generation.spec import LocalModel, ModelCard, ModeSettings

SMALL = ModelCard(
    alias="z-image-small",
    local=LocalModel(str(WEIGHTS)),
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
    local=LocalModel(),
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
    local=LocalModel(),
    default_steps=28,
    fine=ModeSettings(width=1024, height=1024, steps=50),
    largest_steps=100,
    default_cfg_scale=4.0,
    default_negative_prompt=NEGATIVE_PROMPT,
)
LIUJUAN = ModelCard(
    alias="liujuan",
    local=LocalModel(),
    default_steps=12,
    default_cfg_scale=2.0,
    default_negative_prompt=NEGATIVE_PROMPT,
)
# What staff change of one of these parts, they change of all of it: values that belong together stay together.
PLACE, WEIGHT_FILES = ("folder", "revision"), ("weights",)
LOCAL = tuple(columns_of_place(LocalModel()))
APART = (PLACE, WEIGHT_FILES, ("loras",), ("is_enabled",), ("usd_per_picture",), ("prices",))


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
    """Return every model that is described out of the box, and whether this hub has its weights. The small model's ship
    with it, though not in every image: where rows are seeded they need not lie."""
    z_image = LocalModel(settings.Z_IMAGE_FOLDER, settings.Z_IMAGE_REVISION)
    turbo = LocalModel(settings.Z_IMAGE_TURBO_FOLDER, settings.Z_IMAGE_TURBO_REVISION)
    outlines = LocalModel(str(WEIGHTS), weights=(str(OUTLINES),))
    liujuan = LocalModel()
    if weights := tuple(settings.LIUJUAN_WEIGHTS):
        liujuan = replace(z_image if z_image.folder else turbo, weights=weights)
    return [
        (SMALL, True),
        (replace(SMALL, alias="z-image-small-outlines", local=outlines), True),
        (replace(Z_IMAGE_TURBO, local=turbo), bool(turbo.folder)),
        (replace(Z_IMAGE, local=z_image), bool(z_image.folder)),
        (replace(LIUJUAN, local=liujuan), bool(liujuan.folder)),
    ]


def seed_model(account: Account, card: ModelCard, *, is_offered: bool) -> None:
    """Create a model, or refresh each part of it that still is as it was seeded."""
    card = replace(card, usd_per_picture=settings.LOCAL_USD_PER_PICTURE)
    row = Offer.objects.filter(account=account, alias=card.alias).first()
    row = row or Offer(account=account, alias=card.alias)
    place = find_place(row)
    values = all_columns(card) | {"is_enabled": is_offered}
    found = all_columns(replace(row.card(), local=LocalModel.from_json(place.place())))
    found |= {"is_enabled": row.is_enabled}
    # What is named by a setting or the release; an empty one leaves the part to staff.
    dictated = [part for part in (PLACE, WEIGHT_FILES) if values[part[0]]]
    writes, row.seeded = refresh(values, found, row.seeded, APART, dictated)
    for name, value in writes.items():
        setattr(place if name in LOCAL else row, name, value)
    with transaction.atomic():
        row.save()
        place.offer = row
        place.save()


def refresh(
    values: Mapping[str, Any],
    found: Mapping[str, Any],
    was_seeded: Mapping[str, Any],
    apart: Iterable[tuple[str, ...]],
    dictated: Collection[tuple[str, ...]] = (),
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return what to write of a row, and what it was seeded with then: of its parts, and of the rest as one, those that
    still are as they were seeded, and those that are dictated whatever staff did."""
    apart = tuple(apart)
    rest = tuple(set(values).difference(*apart))
    writes: dict[str, Any] = {}
    seeded: dict[str, Any] = {}
    for part in (*apart, rest):
        # A name that was not seeded yet came with this release.
        before = {name: was_seeded.get(name, found[name]) for name in part}
        if part in dictated or all(found[name] == before[name] for name in part):
            before = {name: values[name] for name in part}
            writes |= before
        # What was not written is still compared with what was: else a later change would overwrite what is staff's.
        seeded |= before
    return writes, seeded


def find_place(row: Offer) -> LocalWeights:
    """Return where a model's weights lie; nowhere yet, when it is new or somebody took its row away."""
    return LocalWeights.objects.filter(offer=row.pk).first() or LocalWeights()


def all_columns(card: ModelCard) -> dict[str, Any]:
    """Return a card as JSON values, by column of its offer and of its weights."""
    return columns_of(card) | columns_of_place(card.local or LocalModel())
