"""Scenes drawn and encoded once, so that no lesson waits for the autoencoder."""

import random
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import distributed

from generation.training import networks, phrases, vocabulary
from generation.training.scenes import draw_scene, random_places
from generation.training.vae_lessons import to_tensor

Size = tuple[int, int]

_SCENES = {(256, 256): 5000, (128, 128): 6000}
_OTHER_SCENES = 500  # of every other size
_AT_ONCE = 20
_EMPTY_SHARE = 0.1  # prompts left out, so that guidance has something to lead away from
_CAPTION_MULTIPLE = 32  # what the transformer pads captions to


@dataclass(frozen=True)
class Batch:
    """Latents [B, 16, H/8, W/8], what each shows, and a prompt for each, empty for some."""

    latents: torch.Tensor
    scenes: list[vocabulary.Scene]
    prompts: list[str]


@dataclass(frozen=True, eq=False)
class Pool:
    """Scenes of one size: latents [N, 16, H/8, W/8] and what each shows."""

    latents: torch.Tensor
    scenes: list[vocabulary.Scene]

    def pick(
        self,
        count: int,
        tokenizer: Any,
        rng: random.Random,
        pair_share: float = vocabulary.PAIR_SHARE,
    ) -> Batch:
        """Return that many latents, so many of them of two things, with prompts of one padded length: no mask."""
        numbers: list[int] = []
        prompts: list[str] = []
        length = 0
        while len(numbers) < count:
            number = rng.choice(self._numbers(2 if rng.random() < pair_share else 1))
            silent = rng.random() < _EMPTY_SHARE
            prompt = "" if silent else phrases.training_prompt(self.scenes[number], rng)
            tokens = len(tokenizer.tokenize(prompt)) + len(networks.ROLES)
            padded = (tokens - 1) // _CAPTION_MULTIPLE
            length = padded if not numbers else length
            if padded == length:
                numbers.append(number)
                prompts.append(prompt)
        scenes = [self.scenes[number] for number in numbers]
        return Batch(self.latents[numbers].float(), scenes, prompts)

    @cache  # noqa: B019 (a pool lives as long as its process)
    def _numbers(self, things: int) -> list[int]:
        return [number for number, scene in enumerate(self.scenes) if len(scene.things) == things]


def load_pools(
    vae: Any, sizes: Iterable[Size], out: Path, *, outline: bool = False
) -> dict[Size, Pool]:
    """Return a pool per size; the first partner encodes, the others read its files."""
    shared = distributed.is_initialized()
    if shared and distributed.get_rank() > 0:
        distributed.barrier()
    pools = {size: _load_pool(vae, size, out, outline=outline) for size in sizes}
    if shared and distributed.get_rank() == 0:
        distributed.barrier()
    return pools


@torch.no_grad()
def _load_pool(vae: Any, size: Size, out: Path, *, outline: bool) -> Pool:
    """Return the pool of one size, from its file or encoded now."""
    rng = random.Random(size[0] * size[1] + size[0] + outline)  # noqa: S311
    count = _SCENES.get(size, _OTHER_SCENES) // (5 if outline else 1)
    scenes = [vocabulary.random_scene(rng) for _ in range(count)]
    path = out / f"latents_{size[0]}x{size[1]}{'_outline' if outline else ''}.pt"
    if not path.exists():
        latents = []
        for first in range(0, len(scenes), _AT_ONCE):
            pictures = [
                draw_scene(scene, size, random_places(scene, size, rng), outline=outline)
                for scene in scenes[first : first + _AT_ONCE]
            ]
            latents.append(vae.encode(to_tensor(pictures)).latent_dist.mean)
        scaled = (torch.cat(latents) - vae.config.shift_factor) * vae.config.scaling_factor
        torch.save(scaled.half().contiguous(), path)
    return Pool(torch.load(path, weights_only=True), scenes)
