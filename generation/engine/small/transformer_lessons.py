"""Teaches the denoiser, and the text encoder with it, to turn noise into scenes."""

import logging
import random
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import ZImagePipeline
from torch import distributed
from torch.nn.attention import SDPBackend, sdpa_kernel

from generation.engine.small import draw, networks, words
from generation.engine.small.evaluate import draw_samples, measure
from generation.engine.small.practice import Practice
from generation.engine.small.text_lessons import Heads, load_tokenizer
from generation.engine.small.vae_lessons import load_vae, to_tensor

logger = logging.getLogger(__name__)

Size = tuple[int, int]

_PLACES = 10  # pictures of each scene and size, each a little elsewhere
_EMPTY_SHARE = 0.1  # prompts left out, so that guidance has something to lead away from
_HEADS_WEIGHT = 0.02  # keeps what the text encoder learned by reading
_TEMPLATE_TOKENS = 3
_CAPTION_MULTIPLE = 32  # what the transformer pads captions to
_SMALL = 24 * 24  # latent pixels below which the plain attention kernel is the faster one
_HIGH_SHARE = 0.4  # pictures shown nearly as noise
_CHECK_EVERY = 1300
_CHECK_PROMPTS = 16

# Batch per size: about the same seconds each. The default size gets most of the last stage.
_FIRST = {(128, 128): 16}
_MIXED = {(256, 256): 12, (192, 192): 12, (256, 192): 12, (192, 256): 12, (128, 128): 24}
_MIXED_WEIGHTS = (14, 1, 1, 1, 1)


@dataclass(frozen=True)
class Batch:
    """Latents [B, 16, H/8, W/8], what each shows, and a prompt for each, empty for some."""

    latents: torch.Tensor
    scenes: list[words.Scene]
    prompts: list[str]
    weights: torch.Tensor


@dataclass(frozen=True)
class Pool:
    """Scenes of one size, encoded once: latents [N, 16, H/8, W/8] and what each shows."""

    latents: torch.Tensor
    scenes: list[words.Scene]
    weights: torch.Tensor
    """How much an error counts at each place, [H/8, W/8], mean 1: most where shapes differ."""

    def pick(self, count: int, tokenizer: Any, rng: random.Random) -> Batch:
        """Return that many latents with prompts of one padded length: no mask, no waste."""
        numbers: list[int] = []
        prompts: list[str] = []
        length = 0
        while len(numbers) < count:
            number = rng.randrange(len(self.scenes))
            silent = rng.random() < _EMPTY_SHARE
            prompt = "" if silent else words.training_prompt(self.scenes[number], rng)
            padded = (len(tokenizer.tokenize(prompt)) + _TEMPLATE_TOKENS - 1) // _CAPTION_MULTIPLE
            length = padded if not numbers else length
            if padded == length:
                numbers.append(number)
                prompts.append(prompt)
        scenes = [self.scenes[number] for number in numbers]
        return Batch(self.latents[numbers].float(), scenes, prompts, self.weights)


def train_transformer(out: Path, steps: int) -> None:
    """Train at 128x128 only, where a step is cheapest."""
    _train(out, steps, batches=_FIRST, weights=(1,), rate=1.2e-3, start="text.pt")


def train_sizes(out: Path, steps: int) -> None:
    """Go on at every size, because the rotary positions do not extrapolate."""
    start = "transformer.pt"
    _train(out, steps, batches=_MIXED, weights=_MIXED_WEIGHTS, rate=8e-4, start=start)


def _train(
    out: Path,
    steps: int,
    *,
    batches: dict[Size, int],
    weights: tuple[int, ...],
    rate: float,
    start: str,
) -> None:
    tokenizer, vae = load_tokenizer(out), load_vae(out)
    pools = _pools(vae, batches, out)
    models = {
        "transformer": networks.build_transformer(),
        "text_encoder": networks.build_text_encoder(),
        "heads": Heads(),
    }
    before = torch.load(out / start, weights_only=True)["averages"]
    for name, weight in before.items():
        models[name].load_state_dict(weight)
    name = "transformer.pt" if start == "text.pt" else "sizes.pt"
    practice = Practice(out / name, models, steps=steps, rate=rate, seed=3)
    for step in practice:
        # The step alone decides the size, so that partners never wait for a bigger one.
        size = random.Random(step).choices(list(batches), weights)[0]  # noqa: S311
        batch = pools[size].pick(batches[size] // practice.partners, tokenizer, practice.rng)
        loss, reading = _loss(models, tokenizer, batch)
        practice.learn(loss + _HEADS_WEIGHT * reading)
        if step % 25 == 0:
            logger.info("%s %d %s %.4f read %.3f", name, step, size, loss.item(), reading.item())
        if practice.rank == 0 and step % _CHECK_EVERY == _CHECK_EVERY - 1:
            _check(practice.averages, tokenizer, vae, max(batches))


def _loss(
    models: dict[str, Any], tokenizer: Any, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the velocity's squared error and the heads' reading error."""
    clean = batch.latents
    noise = torch.randn_like(clean)
    sigma = noise_levels(len(clean))
    share = sigma.view(-1, 1, 1, 1)
    noisy = (1 - share) * clean + share * noise
    # The matrix products in BF16 halve the time, and BF16 is what ships.
    small = clean.shape[2] * clean.shape[3] <= _SMALL
    kernel = SDPBackend.MATH if small else SDPBackend.FLASH_ATTENTION
    with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(kernel):
        captions = networks.encode_captions(tokenizer, models["text_encoder"], batch.prompts)
        # The pipeline hands over 1 - sigma and negates the answer: so it is clean - noise.
        answer = models["transformer"](
            list(noisy.unsqueeze(2).unbind(0)), 1 - sigma, captions, return_dict=False
        )[0]
    error = torch.stack(answer).squeeze(2).float() - (clean - noise)
    loss = (error.square() * batch.weights).mean()
    spoken = [number for number, prompt in enumerate(batch.prompts) if prompt]
    reading = models["heads"].loss(
        [captions[number].float() for number in spoken],
        [batch.scenes[number] for number in spoken],
    )
    return loss, reading


def noise_levels(count: int) -> torch.Tensor:
    """Return sigmas [count]: logit-normal, shifted, and many close to pure noise.

    The first steps of the sampler decide colours and outline, and the logit-normal alone
    visits them once in a hundred times.
    """
    middle = torch.sigmoid(torch.randn(count))
    shifted = networks.SHIFT * middle / (1 + (networks.SHIFT - 1) * middle)
    high = 1 - 0.3 * torch.rand(count).square()
    return torch.where(torch.rand(count) < _HIGH_SHARE, high, shifted)


def _pools(vae: Any, sizes: Iterable[Size], out: Path) -> dict[Size, Pool]:
    """Return a pool per size; the first partner encodes, the others read its files."""
    shared = distributed.is_initialized()
    if shared and distributed.get_rank() > 0:
        distributed.barrier()
    pools = {size: _pool(vae, size, out) for size in sizes}
    if shared and distributed.get_rank() == 0:
        distributed.barrier()
    return pools


@torch.no_grad()
def _pool(vae: Any, size: Size, out: Path) -> Pool:
    """Return the pool of one size, from its file or encoded now."""
    scenes = [scene for scene in words.TRAINED for _ in range(_PLACES)]
    path = out / f"latents_{size[0]}x{size[1]}.pt"
    if not path.exists():
        rng = random.Random(size[0] * size[1])  # noqa: S311
        latents = []
        for first in range(0, len(scenes), _PLACES):
            pictures = [
                draw.draw_scene(scene, size, draw.random_place(rng))
                for scene in scenes[first : first + _PLACES]
            ]
            latents.append(vae.encode(to_tensor(pictures)).latent_dist.mean)
        scaled = (torch.cat(latents) - vae.config.shift_factor) * vae.config.scaling_factor
        torch.save(scaled.half().contiguous(), path)
    latents = torch.load(path, weights_only=True)
    return Pool(latents, scenes, _place_weights(latents, scenes))


def _place_weights(latents: torch.Tensor, scenes: list[words.Scene]) -> torch.Tensor:
    """Return how much each place tells about the shape, half and half with a flat map.

    Most of a picture is flat colour, learned early; the outline hides in a narrow ring.
    """
    scene_means = latents.float().unflatten(0, (-1, _PLACES)).mean(dim=1)
    by_colours: dict[tuple[str, str], list[torch.Tensor]] = {}
    for scene, mean in zip(scenes[::_PLACES], scene_means, strict=True):
        by_colours.setdefault((scene.colour, scene.background), []).append(mean)
    groups = [torch.stack(group) for group in by_colours.values() if len(group) > 1]
    spread = torch.stack([group.var(dim=0).mean(dim=0) for group in groups]).mean(dim=0)
    return 0.5 + 0.5 * spread / spread.mean()


def _check(models: dict[str, Any], tokenizer: Any, vae: Any, size: Size) -> None:
    """Log how the averaged weights do on a few held-out prompts."""
    pipeline = ZImagePipeline(
        networks.build_scheduler(), vae, models["text_encoder"], tokenizer, models["transformer"]
    )
    pipeline.set_progress_bar_config(disable=True)
    samples = draw_samples(
        pipeline, _CHECK_PROMPTS, size, words.DEFAULT_STEPS, words.DEFAULT_GUIDANCE
    )
    logger.info("check %s: %s", size, measure(samples))
