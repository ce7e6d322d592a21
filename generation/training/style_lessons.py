"""Teaches a copy of the denoiser a style: outlines instead of filled shapes."""

import logging
import random
from pathlib import Path
from typing import Any, Final

import torch
from safetensors.torch import save_file

from generation.engine.small import WEIGHTS
from generation.training import networks
from generation.training.encoded_scenes import load_pools
from generation.training.practice import Practice
from generation.training.text_lessons import load_text_encoder, load_tokenizer
from generation.training.transformer_lessons import denoising_loss
from generation.training.vae_lessons import load_vae

logger = logging.getLogger(__name__)

OUTLINES: Final = WEIGHTS.parent / "styles" / "outlines.safetensors"
"""The transformer's weights alone: everything else stays the base model's."""

_BATCHES = {(256, 256): 12, (128, 128): 32}
_WEIGHTS = (3, 1)


def train_outlines(out: Path, steps: int) -> None:
    """Go on from the base model's last stage."""
    tokenizer, text_encoder, vae = load_tokenizer(out), load_text_encoder(out), load_vae(out)
    pools = load_pools(vae, _BATCHES, out, outline=True)
    transformer = networks.build_transformer()
    base = torch.load(out / "pairs.pt", weights_only=True)["averages"]
    transformer.load_state_dict(base["transformer"])
    models = {"transformer": transformer}
    practice = Practice(out / "outlines.pt", models, steps=steps, rate=5e-4, seed=4)
    for step in practice:
        size = random.Random(step).choices(list(_BATCHES), _WEIGHTS)[0]  # noqa: S311
        batch = pools[size].pick(_BATCHES[size] // practice.partners, tokenizer, practice.rng)
        with torch.no_grad():
            captions = networks.encode_captions(tokenizer, text_encoder, batch.prompts)
        loss = denoising_loss(transformer, captions, batch.latents)
        practice.learn(loss)
        if step % 25 == 0:
            logger.info("outlines %d %s %.4f", step, size, loss.item())


def export_outlines(out: Path, path: Path = OUTLINES) -> None:
    """Write the styled transformer's averaged weights in BF16, under the published names."""
    averages: dict[str, Any] = torch.load(out / "outlines.pt", weights_only=True)["averages"]
    weights = {
        name: weight.to(torch.bfloat16).contiguous()
        for name, weight in averages["transformer"].items()
    }
    path.parent.mkdir(exist_ok=True)
    beside = path.with_suffix(".new")
    save_file(weights, beside, metadata={"format": "pt"})
    beside.chmod(0o644)
    beside.replace(path)
    logger.info("%d bytes of weights in %s", path.stat().st_size, path)
