"""Teaches the denoiser to turn noise into scenes; the text encoder stays as it learned to read."""

import logging
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import ZImagePipeline
from torch.nn import functional
from torch.nn.attention import SDPBackend, sdpa_kernel
from torch.overrides import TorchFunctionMode

from generation.engine.precision import judge_processor
from generation.engine.small import DEFAULT_GUIDANCE, DEFAULT_STEPS
from generation.training import networks, vocabulary
from generation.training.encoded_scenes import Size, load_pools
from generation.training.evaluate import draw_samples, measure
from generation.training.practice import Practice
from generation.training.text_lessons import load_text_encoder, load_tokenizer
from generation.training.vae_lessons import load_vae

logger = logging.getLogger(__name__)

_ATTENDED = ("query", "key", "value")
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
    _train(out, steps, _Lessons(_FIRST, ((1,), (1,))), name="transformer.pt")


def train_sizes(out: Path, steps: int) -> None:
    """Go on at every size, because the rotary positions do not extrapolate."""
    lessons = _Lessons(_MIXED, (_EARLY, _LATE))
    _train(out, steps, lessons, name="sizes.pt", start="transformer.pt")


def train_pairs(out: Path, steps: int) -> None:
    """Go on with more scenes of two things, whose colours are learned last."""
    lessons = _Lessons(_MIXED, (_LATE, _LATE), rate=5e-4, pair_share=0.65)
    _train(out, steps, lessons, name="pairs.pt", start="sizes.pt")


@dataclass(frozen=True)
class _Lessons:
    """What a stage shows: pictures per size, how often each size at the start and the end, and how fast it learns."""

    batches: dict[Size, int]
    weights: tuple[tuple[int, ...], tuple[int, ...]]
    rate: float = 1.2e-3
    pair_share: float = vocabulary.PAIR_SHARE


def _train(
    out: Path,
    steps: int,
    lessons: _Lessons,
    *,
    name: str,
    start: str = "",
) -> None:
    tokenizer, text_encoder, vae = load_tokenizer(out), load_text_encoder(out), load_vae(out)
    batches = lessons.batches
    pools = load_pools(vae, batches, out)
    transformer = networks.build_transformer()
    if start:
        before = torch.load(out / start, weights_only=True)["averages"]
        transformer.load_state_dict(before["transformer"])
    practice = Practice(
        out / name, {"transformer": transformer}, steps=steps, rate=lessons.rate, seed=3
    )
    for step in practice:
        # The step alone decides the size, so that partners never wait for a bigger one.
        late = step / steps
        mix = [
            (1 - late) * early + late * last for early, last in zip(*lessons.weights, strict=True)
        ]
        size = random.Random(step).choices(list(batches), mix)[0]  # noqa: S311
        count = batches[size] // practice.partners
        batch = pools[size].pick(count, tokenizer, practice.rng, pair_share=lessons.pair_share)
        with torch.no_grad():
            captions = networks.encode_captions(tokenizer, text_encoder, batch.prompts)
        loss = denoising_loss(transformer, captions, batch.latents)
        practice.learn(loss)
        if step % 25 == 0:
            logger.info("%s %d %s %.4f", name, step, size, loss.item())
        if practice.rank == 0 and step % _CHECK_EVERY == _CHECK_EVERY - 1:
            drawn = {"text_encoder": text_encoder, **practice.averages}
            _check(drawn, tokenizer, vae, max(batches))


def denoising_loss(
    transformer: Any, captions: list[torch.Tensor], clean: torch.Tensor
) -> torch.Tensor:
    """Return the weighted squared error of the velocity at one noise level for each latent."""
    noise = torch.randn_like(clean)
    sigma = noise_levels(len(clean))
    share = sigma.view(-1, 1, 1, 1)
    noisy = (1 - share) * clean + share * noise
    # The matrix products in BF16, which is what ships, halve the time where the processor has arithmetic for it.
    is_fast = judge_processor().dtype is torch.bfloat16
    with torch.autocast("cpu", torch.bfloat16, enabled=is_fast), _FloatAttention():
        # The pipeline hands over 1 - sigma and negates the answer: so it is clean - noise.
        answer = transformer(
            list(noisy.unsqueeze(2).unbind(0)), 1 - sigma, captions, return_dict=False
        )[0]
    error = torch.stack(answer).squeeze(2).float() - (clean - noise)
    return (error.square() * edge_weights(clean)).mean()


class _FloatAttention(TorchFunctionMode):
    """Runs attention in float32 with the flash kernel: on a CPU faster than BF16, backwards too."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is not functional.scaled_dot_product_attention:
            return func(*args, **kwargs)
        args = tuple(value.float() for value in args)
        kwargs = {k: v.float() if k in _ATTENDED else v for k, v in kwargs.items()}
        with torch.autocast("cpu", enabled=False), sdpa_kernel(SDPBackend.FLASH_ATTENTION):
            return func(*args, **kwargs)


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
    samples = draw_samples(pipeline, _CHECK_PROMPTS, size, DEFAULT_STEPS, DEFAULT_GUIDANCE)
    logger.info("check %s: %s", size, measure(samples))
