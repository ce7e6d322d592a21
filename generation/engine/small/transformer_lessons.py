"""Teaches the denoiser, and the text encoder with it, to turn noise into scenes."""

import logging
import random
from pathlib import Path
from typing import Any

import torch
from diffusers import ZImagePipeline
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel

from generation.engine.small import networks, words
from generation.engine.small.evaluate import draw_samples, measure
from generation.engine.small.pool import Batch, Size, load_pools
from generation.engine.small.practice import Practice
from generation.engine.small.text_lessons import Heads, load_tokenizer
from generation.engine.small.vae_lessons import load_vae

logger = logging.getLogger(__name__)

_HEADS_WEIGHT = 0.05  # keeps what the text encoder learned by reading
_SMALL = 24 * 24  # latent pixels below which the plain attention kernel is the faster one
_HIGH_SHARE = 0.4  # pictures shown nearly as noise
_MAX_EDGE = 8.0  # times the mean that the sharpest edge may count
_CHECK_EVERY = 1300
_CHECK_PROMPTS = 18

# Batch per size: about the same seconds each. The default size gets most of the last stage.
_FIRST = {(128, 128): 32}
_MIXED = {(256, 256): 12, (192, 192): 16, (256, 192): 12, (192, 256): 12, (128, 128): 32}
_EARLY, _LATE = (5, 1, 1, 1, 9), (14, 1, 1, 1, 2)  # how often each, at the start and at the end


def train_transformer(out: Path, steps: int) -> None:
    """Train at 128x128 only, where a step is cheapest."""
    _train(out, steps, batches=_FIRST, weights=((1,), (1,)), rate=1.2e-3, start="text.pt")


def train_sizes(out: Path, steps: int) -> None:
    """Go on at every size, because the rotary positions do not extrapolate."""
    start = "transformer.pt"
    _train(out, steps, batches=_MIXED, weights=(_EARLY, _LATE), rate=1.2e-3, start=start)


def _train(
    out: Path,
    steps: int,
    *,
    batches: dict[Size, int],
    weights: tuple[tuple[int, ...], tuple[int, ...]],
    rate: float,
    start: str,
) -> None:
    tokenizer, vae = load_tokenizer(out), load_vae(out)
    pools = load_pools(vae, batches, out)
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
        late = step / steps
        mix = [(1 - late) * early + late * last for early, last in zip(*weights, strict=True)]
        size = random.Random(step).choices(list(batches), mix)[0]  # noqa: S311
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
    with torch.autocast("cpu", torch.bfloat16):
        captions = networks.encode_captions(tokenizer, models["text_encoder"], batch.prompts)
    loss = denoising_loss(models["transformer"], captions, batch.latents)
    spoken = [number for number, prompt in enumerate(batch.prompts) if prompt]
    reading = models["heads"].loss(
        [captions[number].float() for number in spoken],
        [batch.scenes[number] for number in spoken],
    )
    return loss, reading


def denoising_loss(
    transformer: Any, captions: list[torch.Tensor], clean: torch.Tensor
) -> torch.Tensor:
    """Return the weighted squared error of the velocity at one noise level for each latent."""
    noise = torch.randn_like(clean)
    sigma = noise_levels(len(clean))
    share = sigma.view(-1, 1, 1, 1)
    noisy = (1 - share) * clean + share * noise
    small = clean.shape[2] * clean.shape[3] <= _SMALL
    kernel = SDPBackend.MATH if small else SDPBackend.FLASH_ATTENTION
    # The matrix products in BF16 halve the time, and BF16 is what ships.
    with torch.autocast("cpu", torch.bfloat16), sdpa_kernel(kernel):
        # The pipeline hands over 1 - sigma and negates the answer: so it is clean - noise.
        answer = transformer(
            list(noisy.unsqueeze(2).unbind(0)), 1 - sigma, captions, return_dict=False
        )[0]
    error = torch.stack(answer).squeeze(2).float() - (clean - noise)
    return (error.square() * edge_weights(clean)).mean()


def edge_weights(latents: torch.Tensor) -> torch.Tensor:
    """Return how much an error counts at each place, [B, 1, h, w], mean about 1.

    Most of a picture is flat colour, learned early; what the prompt asks for hides in the
    outlines, so half of the weight goes there, whatever the size of the shapes.
    """
    flat = functional.avg_pool2d(latents, 3, stride=1, padding=1, count_include_pad=False)
    edges = (latents - flat).square().mean(dim=1, keepdim=True)
    share = edges / edges.mean(dim=(2, 3), keepdim=True)
    return 0.5 + 0.5 * share.clamp(max=_MAX_EDGE)


def noise_levels(count: int) -> torch.Tensor:
    """Return sigmas [count]: logit-normal, shifted, and many close to pure noise.

    The first steps of the sampler decide colours and outline, and the logit-normal alone
    visits them once in a hundred times.
    """
    middle = torch.sigmoid(torch.randn(count))
    shifted = networks.SHIFT * middle / (1 + (networks.SHIFT - 1) * middle)
    high = 1 - 0.3 * torch.rand(count).square()
    return torch.where(torch.rand(count) < _HIGH_SHARE, high, shifted)


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
