"""The vendors that the environment may name, and the models that each then offers: the first rows, which staff edit.

Prices are list prices of 2026-11 in US dollars for one picture in its usual size and quality. What no vendor says is
left empty: not known, which is not 0.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from generation.spec import OPTIONS, PICTURE_OPTIONS, ModelCard
from genhub.lib.limits import LONGEST_TEXT


@dataclass(frozen=True)
class Vendor:
    """An account as it is seeded: its name in settings.VENDORS and as an alias, its adapter, where it lives (empty: the
    vendor's usual address, or the environment's), and its models."""

    alias: str
    adapter: str
    cards: tuple[ModelCard, ...]
    base_url: str = ""
    standby_rank: int = 0
    options: Mapping[str, Any] = field(default_factory=dict)


def card(alias: str, vendor_model: str, takes: str, usd: float | None, **words: Any) -> ModelCard:
    """Return a model that takes these of OPTIONS, parted by spaces, and none of the others."""
    unsupported = tuple(name for name in OPTIONS if name not in takes.split())
    usual = {"default_width": 1024, "default_height": 1024, "smallest_side": 512, "largest_side": 2048}  # fmt: skip
    return ModelCard(
        alias, vendor_model, unsupported=unsupported, usd_per_picture=usd, **usual | words
    )


def clip(
    alias: str, vendor_model: str, takes: str, sizes: tuple[tuple[int, int], ...], **words: Any
) -> ModelCard:
    """Return a model of clips, as `card` returns one of pictures; what it costs is the table's to say."""
    usual = {"default_width": 1280, "default_height": 720, "smallest_side": 256, "largest_side": 4096}  # fmt: skip
    kind = {"media_types": ("video",), "sizes": sizes, "longest_prompt": 1000}
    return card(alias, vendor_model, takes, None, **{**usual, **kind, **words})


HD = ((1280, 720), (720, 1280))
EDITS = "image mask"
# Any size in multiples of 16; beyond 2560×1440 the vendor calls it experimental.
FREE_SIZES: dict[str, Any] = {
    "largest_side": 3840,
    "longest_prompt": LONGEST_TEXT,
    "most_references": 15,
}
# What apps ordered of the model that DALL·E was.
DALL_E_SIZES = ((1024, 1024), (1792, 1024), (1024, 1792))
RATIO_SIZES = ((1024, 1024), (1344, 768), (768, 1344), (1536, 1024), (1024, 1536))
SEEDREAM_SIZES = ((2048, 2048), (2560, 1440), (1440, 2560), (3072, 3072))
SEEDREAM: dict[str, Any] = {
    "default_width": 2048, "default_height": 2048, "largest_side": 3072, "sizes": SEEDREAM_SIZES,
}  # fmt: skip

DALL_E: dict[str, Any] = {"sizes": DALL_E_SIZES, "longest_prompt": 4000, "most_references": 15}
OPENAI_MODELS = (
    card("gpt-image-2", "gpt-image-2", EDITS, 0.053, **FREE_SIZES),
    # By the table of 2.5, whose tokens cost the same: no list says what a picture of 2.6 takes.
    card(
        "gpt-image-2.6-flare",
        "gpt-image-2.6-flare",
        EDITS,
        0.0132,
        **FREE_SIZES,
    ),
    card(
        "gpt-image-2.6-sunburst",
        "gpt-image-2.6-sunburst",
        EDITS,
        0.0132,
        **FREE_SIZES,
    ),
    card("gpt-image-2.6", "gpt-image-2.6-sunburst", EDITS, 0.0132, **FREE_SIZES),
    # Retired by its vendor; orders that name it get what took its place.
    card("dall-e-3", "gpt-image-2.6-flare", EDITS, 0.0132, **DALL_E),
)
VENDORS = (
    Vendor("openai", "openai", OPENAI_MODELS),
    Vendor("aihubmix", "openai", OPENAI_MODELS, base_url="https://aihubmix.com/v1", standby_rank=1),
    Vendor(
        "sdwebui",
        "sdwebui",
        # Whatever checkpoint the server has loaded.
        (
            card(
                "sdxl",
                "",
                " ".join(PICTURE_OPTIONS),
                None,
                default_steps=20,
                largest_steps=150,
                default_cfg_scale=7.0,
                largest_cfg_scale=30.0,
            ),
        ),
    ),
    Vendor(
        "bfl",
        "bfl",
        (
            card("flux-2-pro", "flux-2-pro", "seed image", 0.03, most_references=7),
            card("flux-2-max", "flux-2-max", "seed image", 0.07, most_references=7),
            card(
                "flux-2-klein-9b",
                "flux-2-klein-9b",
                "seed image",
                0.015,
                most_references=3,
            ),
            card("flux-pro", "flux-2-pro", "seed image", 0.03, most_references=7),
        ),
    ),
    Vendor(
        "stability",
        "stability",
        (
            card("stable-image-core", "core", "negative_prompt seed", 0.03, sizes=RATIO_SIZES),
            card(
                "stable-image-ultra",
                "ultra",
                "negative_prompt seed image strength",
                0.08,
                sizes=RATIO_SIZES,
            ),
            card(
                "sd3.5-large",
                "sd3.5-large",
                "negative_prompt seed cfg_scale image strength",
                0.065,
                sizes=RATIO_SIZES,
            ),
            # SDXL is gone there; a server of one's own comes before.
            card(
                "sdxl",
                "sd3.5-medium",
                "negative_prompt seed cfg_scale image strength",
                0.035,
                sizes=RATIO_SIZES,
            ),
        ),
        standby_rank=1,
    ),
    Vendor(
        "ark",
        "ark",
        (
            card(
                "doubao-seedream-5",
                "doubao-seedream-5-0-260128",
                "image",
                0.035,
                most_references=13,
                **SEEDREAM,
            ),
            card(
                "doubao-seedream-5.5",
                "doubao-seedream-5-5-261028",
                "image",
                0.035,
                most_references=9,
                **SEEDREAM,
            ),
        ),
    ),
    Vendor(
        "dashscope",
        "dashscope",
        (
            # Not by the name of the hub's own: its orders must not leave the house for want of a worker.
            card("z-image-turbo-cloud", "z-image-turbo", "seed", None),
            card("qwen-image", "qwen-image-2.0", "negative_prompt seed", 0.035),
            card("qwen-image-pro", "qwen-image-2.0-pro", "negative_prompt seed", 0.075),
        ),
    ),
    Vendor(
        "replicate",
        "replicate",
        (card("flux-schnell", "black-forest-labs/flux-schnell", "seed", None, sizes=RATIO_SIZES),),
        standby_rank=1,
    ),
    Vendor(
        "fal",
        "fal",
        (
            card("flux-dev", "fal-ai/flux/dev", "seed", 0.025),
            card("flux-schnell", "fal-ai/flux/schnell", "seed", 0.003),
        ),
    ),
    Vendor(
        "runway",
        "runway",
        (
            clip("runway-gen4.5", "gen4.5", "seed image", HD, durations=tuple(range(2, 11))),
            clip(
                "veo-3.1",
                "veo3.1",
                "seed image last_image audio",
                (*HD, (1920, 1080), (1080, 1920)),
                durations=(4, 6, 8),
                default_seconds=8,
            ),
        ),
    ),
    Vendor(
        "video",
        "generic_video",
        # Whatever the server makes: staff say what else that is.
        (clip("video", "", "image", (*HD, (1920, 1080), (3840, 2160)), durations=(5, 10)),),
    ),
    Vendor(
        "midjourney",
        "midjourney",
        (card("midjourney", "", "negative_prompt seed image", None, sizes=RATIO_SIZES),),
    ),
)
