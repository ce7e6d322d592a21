"""Teaches the autoencoder flat colours and sharp edges."""

import logging
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch.nn import functional

from generation.training import networks, vocabulary
from generation.training.practice import Practice
from generation.training.scenes import Place, draw_scene, random_places

logger = logging.getLogger(__name__)

_KL_WEIGHT = 1e-4  # keeps latents near a unit Gaussian without costing sharpness
# Mostly small crops: edges are local, and steps teach more than pixels do.
_BATCHES = {(64, 64): 12, (128, 128): 4, (192, 128): 2, (256, 256): 1}
_WEIGHTS = (16, 3, 1, 2)
_OUTLINE_SHARE = 0.3  # for the style
_CROP = 64  # pictures of this side show a part of a scene, the others all of it
_CHECK_EVERY = 200


def train_vae(out: Path, steps: int) -> None:
    """Train the autoencoder for the given number of steps; resumes what lies in out."""
    vae = networks.build_vae().to(memory_format=torch.channels_last)
    practice = Practice(out / "vae.pt", {"vae": vae}, steps=steps, rate=1.5e-3, seed=1)
    for step in practice:
        # The step alone decides the size, so that partners never wait for a bigger one.
        size = random.Random(step).choices(list(_BATCHES), _WEIGHTS)[0]  # noqa: S311
        count = max(1, _BATCHES[size] // practice.partners)
        pictures = to_tensor([_random_picture(size, practice.rng) for _ in range(count)])
        posterior = vae.encode(pictures).latent_dist
        copies = vae.decode(posterior.sample()).sample
        kl = posterior.kl().mean() / posterior.mean[0].numel()
        loss = (
            functional.l1_loss(copies, pictures)
            + functional.mse_loss(copies, pictures)
            + _KL_WEIGHT * kl
        )
        practice.learn(loss)
        if practice.rank == 0 and step % _CHECK_EVERY == _CHECK_EVERY - 1:
            error = _full_picture_error(practice.averages["vae"])
            logger.info("vae %d full picture l1 %.4f kl %.2f", step, error, kl.item())


@torch.no_grad()
def _full_picture_error(vae: Any) -> float:
    """Return the mean error of eight 256x256 pictures coded and decoded, in half byte ranges."""
    rng = random.Random(0)  # noqa: S311
    scenes = rng.choices(vocabulary.SCENES, k=8)
    pictures = to_tensor(
        [draw_scene(scene, (256, 256), random_places(scene, (256, 256), rng)) for scene in scenes]
    )
    copies = vae.decode(vae.encode(pictures).latent_dist.mean).sample
    return float(functional.l1_loss(copies, pictures))


def to_tensor(pictures: list[Image.Image]) -> torch.Tensor:
    """Return [B, 3, H, W] in -1..1."""
    stacked = np.stack([np.asarray(picture) for picture in pictures])
    tensor = torch.from_numpy(stacked).permute(0, 3, 1, 2).float() / 127.5 - 1
    return tensor.to(memory_format=torch.channels_last)


def _random_picture(size: tuple[int, int], rng: random.Random) -> Image.Image:
    outline = rng.random() < _OUTLINE_SHARE
    if size[0] == _CROP:
        radius = 0.2 + rng.random() ** 2
        place = Place(rng.uniform(-0.8, 0.8), rng.uniform(-0.8, 0.8), radius)
        return draw_scene(rng.choice(vocabulary.SCENES), size, [place], outline=outline)
    scene = vocabulary.random_scene(rng)
    places = random_places(scene, size, rng)
    return draw_scene(scene, size, places, outline=outline)


def load_vae(out: Path) -> Any:
    """Return the trained autoencoder in out, set to bring latents to mean 0 and deviation 1."""
    vae = networks.build_vae()
    vae.load_state_dict(torch.load(out / "vae.pt", weights_only=True)["averages"]["vae"])
    vae.to(memory_format=torch.channels_last).eval()
    rng = random.Random(0)  # noqa: S311
    pictures = [draw_scene(scene, (128, 128), [_big_place(rng)]) for scene in vocabulary.TRAINED]
    with torch.no_grad():
        latents = vae.encode(to_tensor(pictures)).latent_dist.mean
    vae.register_to_config(
        scaling_factor=1 / float(latents.std()), shift_factor=float(latents.mean())
    )
    return vae


def _big_place(rng: random.Random) -> Place:
    """Return the place that the scale of the latents is measured at; it must never change."""
    return Place(rng.uniform(-0.03, 0.03), rng.uniform(-0.03, 0.03), rng.uniform(0.30, 0.34))
