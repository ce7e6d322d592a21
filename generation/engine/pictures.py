"""What the engine takes and gives: pictures to draw, and pictures that are denoised."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

from generation.spec import GenerationSpec, ModelCard

if TYPE_CHECKING:
    import torch

    from generation.engine.loading import LatentDecoder

# Takes the progress, 0 to 1, and what makes a small JPEG; what it raises ends its own picture only.
Report = Callable[[float, Callable[[], bytes] | None], None]


@dataclass(frozen=True)
class Picture:
    """One picture to draw: what, by which model, from which seed. `image` and `mask` are of the spec's size."""

    spec: GenerationSpec
    card: ModelCard
    seed: int
    report: Report
    image: Image.Image | None = None
    mask: Image.Image | None = None


def is_guided(spec: GenerationSpec) -> bool:
    """Return whether a picture is led away from its negative prompt, which takes a second half of each step."""
    return spec.cfg_scale is not None and spec.cfg_scale > 0


@dataclass
class Drawn:
    """A picture that is denoised: latents [channels, height / 8, width / 8], seconds by stage, what decided it."""

    picture: Picture
    decoder: "LatentDecoder"
    latents: "torch.Tensor"
    timings: dict[str, float]
    facts: dict[str, Any]
    # On a card: when the latents are there. In the tight modes: the picture, which must not wait.
    ready: Any = None
    image: Image.Image | None = None
    # Whether it had to be decoded in tiles, which are other bits.
    is_tiled: bool = False
