"""What a caller asks for, in the hub's own words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Order:
    """What a caller asked for, before anything is looked up. None means: not said."""

    prompt: str | None = None
    negative_prompt: str | None = None
    template: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    media_type: str | None = None
    model: str | None = None
    num_images: int | None = None
    width: int | None = None
    height: int | None = None
    steps: int | None = None
    cfg_scale: float | None = None
    seed: int | None = None
    # The series, character or session that it is of: orders of one share a seed.
    subject: str | None = None
    style_preset: str | None = None
    style: str | None = None
    sampler: str | None = None
    quality: str | None = None
    mode: str | None = None
    priority: str | None = None
    # A scale of None: the model's card decides it.
    loras: tuple[tuple[str, float | None], ...] | None = None
    image: str | None = None
    mask: str | None = None
    references: tuple[str, ...] | None = None
    strength: float | None = None
    # Of a clip: seconds, frames a second, its size by name, the picture that it ends with, whether it sounds.
    duration: int | None = None
    fps: int | None = None
    resolution: str | None = None
    last_image: str | None = None
    audio: bool | None = None
    # Where its end is told, besides the platform's endpoints.
    webhook: str | None = None
    # Whether its user's usual words fill in what it does not say.
    use_preferences: bool | None = None
    # Seconds: for its work once it has begun, and until when it must have.
    timeout: int | None = None
    expires_in: int | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    # Whether a picture that was drawn before will do: `auto`, `off` or `only`.
    cache: str | None = None
    # How each picture becomes a file, and whether that tells what it was made of.
    output_format: str | None = None
    output_compression: int | None = None
    embed_parameters: bool | None = None
