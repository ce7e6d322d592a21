"""What vendors listed for their models on LISTED_ON, in US dollars: what a new model starts with, for staff to check.

Suggestions, never the truth: a vendor's own word of an order comes first. Where a price is by the megapixel from some
amount on, that amount stands for each, and where it is by tokens, rows say the most that a picture may take.
"""

from collections.abc import Mapping, Sequence
from typing import Any

LISTED_ON = "2026-11-28"
Rows = Sequence[Mapping[str, Any]]
RESOLUTIONS = ("480p", "720p", "1080p")

GPT_IMAGE_TOKENS = {"tokens": {"input_text": 5, "input_image": 8, "output": 30}}


def by_quality(**usd: float) -> list[dict[str, Any]]:
    """Return the rows of what a picture of 1024 × 1024 takes in each quality; larger ones take less than so much for
    each megapixel."""
    return [{"quality": quality, "per_megapixel_usd": cost} for quality, cost in usd.items()]


def by_megapixel(usd: float, edit: float | None = None) -> list[dict[str, Any]]:
    """Return the rows of a price for each megapixel begun, another one with an input picture."""
    edits = [{"edit": True, "per_megapixel_usd": edit}] if edit else []
    return [*edits, {"per_megapixel_usd": usd}]


def by_second(usd: float) -> list[dict[str, Any]]:
    """Return the row of a price for each second of a clip."""
    return [{"per_second_usd": usd}]


def by_resolution(*usd: float, first: str = "480p") -> list[dict[str, Any]]:
    """Return the rows of a price for each second of a clip, by its resolution from the first one on."""
    begin = RESOLUTIONS.index(first)
    named = zip(RESOLUTIONS[begin : begin + len(usd)], usd, strict=True)
    return [{"resolution": resolution, "per_second_usd": cost} for resolution, cost in named]


def plain(usd: float) -> list[dict[str, Any]]:
    """Return the row of a price for any picture."""
    return [{"usd": usd}]


GPT_IMAGE_2 = [GPT_IMAGE_TOKENS, *by_quality(low=0.006, medium=0.053, high=0.211)]
GPT_IMAGE_2_5 = [
    GPT_IMAGE_TOKENS,
    *by_quality(low=0.0059, medium=0.0132, high=0.0527, xhigh=0.0937, max=0.2107),
]
GPT_IMAGE: dict[str, Rows] = {
    "gpt-image-2": GPT_IMAGE_2,
    "gpt-image-2.5": GPT_IMAGE_2_5,
    # Its tokens cost the same, and no list says how many a picture takes.
    "gpt-image-2.6": GPT_IMAGE_2_5,
}
# By adapter, then by how a vendor's name of a model begins.
PRICES: dict[str, dict[str, Rows]] = {
    "openai": GPT_IMAGE,
    "bfl": {
        "flux-2-klein-4b": by_megapixel(0.014),
        "flux-2-klein-9b": by_megapixel(0.015),
        "flux-2-pro": by_megapixel(0.03, edit=0.045),
        "flux-2-flex": by_megapixel(0.05),
        "flux-2-max": by_megapixel(0.07),
        "flux-pro-1.1": plain(0.04),
        "flux-pro-1.1-ultra": plain(0.06),
        "flux-pro-1.0-fill": plain(0.05),
        "flux-kontext-pro": plain(0.04),
        "flux-kontext-max": plain(0.08),
    },
    "stability": {
        "core": plain(0.03),
        "ultra": plain(0.08),
        "sd3.5-large": plain(0.065),
        "sd3.5-large-turbo": plain(0.04),
        "sd3.5-medium": plain(0.035),
    },
    "ark": {
        "seedream-5-0-flash": plain(0.018),
        "seedream-5-0-pro": plain(0.09),
        "seedream-5-0": plain(0.035),
        "seedream-5-5": [{"edit": True, "usd": 0.043}, {"usd": 0.035}],
    },
    "ark_videos": {
        "seedance-2-5": by_resolution(0.096, 0.216, 0.535),
        "seedance-2-0": by_resolution(0.066, 0.142, 0.354),
        "seedance-2-0-fast": by_resolution(0.053, 0.114),
        "seedance-2-0-mini": by_resolution(0.033, 0.071),
    },
    "dashscope": {
        "qwen-image-2.0": plain(0.035),
        "qwen-image-2.0-pro": plain(0.075),
        "qwen-image-3.0": plain(0.03),
    },
    # As the region of Beijing lists them; Singapore takes about a fifth more.
    "dashscope_videos": {
        "wan3.0-video": by_resolution(0.041, 0.083, 0.165),
        "wan3.0-video-prime": by_resolution(0.064, 0.127, 0.254),
        "wan2.7": by_resolution(0.086, 0.143, first="720p"),
        "happyhorse-1.1": by_resolution(0.062, 0.124, 0.165),
    },
    "runway": {
        "gen4_turbo": by_second(0.05),
        "gen4.5": by_second(0.12),
        "veo3.1": by_second(0.40),
        "veo3.1_fast": by_second(0.15),
        "seedance2": [*by_resolution(0.40, first="1080p"), *by_second(0.36)],
        "seedance2_5": by_resolution(0.20, 0.30, 0.68),
        # By its size, which the list does not name: the most.
        "hailuo3": by_second(0.15),
    },
    "fal": {
        "fal-ai/flux/dev": by_megapixel(0.025),
        "fal-ai/flux/schnell": by_megapixel(0.003),
    },
    "fal_videos": {"bytedance/seedance-2.5": by_resolution(0.22, 0.473)},
}


def suggest_prices(adapter: str, vendor_model: str) -> list[dict[str, Any]]:
    """Return the rows that a vendor listed for a model, by the longest name that its own begins with; none if it is not
    known here."""
    name = vendor_model.removeprefix("doubao-")
    listed = PRICES.get(adapter, {})
    fitting = [known for known in listed if is_version(name, of=known)]
    return [dict(row) for row in listed[max(fitting, key=len)]] if fitting else []


def is_version(name: str, *, of: str) -> bool:
    """Return whether a name is a known one, or that with a version after a dash, or what it makes after a slash."""
    return name == of or name.startswith((f"{of}-", f"{of}/"))
