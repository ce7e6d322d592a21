"""Teaches the text encoder to read: the last token must name shape, colour and background.

The denoiser could learn this from pictures alone, at ten times the price: a head start.
"""

import logging
import random
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoTokenizer

from generation.engine.small import networks, words
from generation.engine.small.practice import Practice

logger = logging.getLogger(__name__)

_BATCH = 64
_CHECK_EVERY = 100


def train_text(out: Path, steps: int) -> None:
    """Train the text encoder for the given number of steps; resumes what lies in out."""
    tokenizer = load_tokenizer(out)
    encoder, heads = networks.build_text_encoder(), Heads()
    models = {"text_encoder": encoder, "heads": heads}
    practice = Practice(out / "text.pt", models, steps=steps, rate=1.5e-3, seed=2)
    for step in practice:
        scenes = practice.rng.choices(words.TRAINED, k=_BATCH // practice.partners)
        prompts = [words.training_prompt(scene, practice.rng) for scene in scenes]
        loss = heads.loss(networks.encode_captions(tokenizer, encoder, prompts), scenes)
        practice.learn(loss)
        if practice.rank == 0 and step % _CHECK_EVERY == 0:
            right = _held_out_share(tokenizer, *practice.averages.values())
            logger.info("text %d loss %.4f held out read right %.3f", step, loss.item(), right)


def load_tokenizer(out: Path) -> Any:
    """Return the tokenizer in out, learning it first if there is none."""
    folder = out / "tokenizer"
    if not folder.exists():
        rng = random.Random(0)  # noqa: S311
        corpus = [words.training_prompt(rng.choice(words.TRAINED), rng) for _ in range(20_000)]
        networks.build_tokenizer(corpus).save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


class Heads(nn.Module):
    """Names the parts of a scene from a caption's last token; training only, never shipped."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(networks.TEXT_WIDTH)
        counts = (len(words.SHAPES), len(words.COLOURS), len(words.COLOURS))
        self.heads = nn.ModuleList([nn.Linear(networks.TEXT_WIDTH, count) for count in counts])

    def forward(self, captions: list[torch.Tensor]) -> list[torch.Tensor]:
        """Return the logits of shape, colour and background, each [B, names]."""
        last = self.norm(torch.stack([caption[-1] for caption in captions]))
        return [head(last) for head in self.heads]

    def loss(self, captions: list[torch.Tensor], scenes: list[words.Scene]) -> torch.Tensor:
        """Return the summed cross entropy of the three names."""
        losses = [
            functional.cross_entropy(logits, labels, label_smoothing=0.02)
            for logits, labels in zip(self(captions), name_labels(scenes), strict=True)
        ]
        return torch.stack(losses).sum()


def name_labels(scenes: list[words.Scene]) -> list[torch.Tensor]:
    """Return the numbers of the scenes' shapes, colours and backgrounds, each [B]."""
    colours = list(words.COLOURS)
    return [
        torch.tensor([words.SHAPES.index(scene.shape) for scene in scenes]),
        torch.tensor([colours.index(scene.colour) for scene in scenes]),
        torch.tensor([colours.index(scene.background) for scene in scenes]),
    ]


@torch.no_grad()
def _held_out_share(tokenizer: Any, encoder: Any, heads: Any) -> float:
    """Return the share of 80 held-out prompts whose three names are all read right."""
    prompts = words.held_out_prompts(80)
    captions = networks.encode_captions(tokenizer, encoder, [text for text, _, _ in prompts])
    labels = name_labels([scene for _, _, scene in prompts])
    hits = [
        logits.argmax(dim=1) == label for logits, label in zip(heads(captions), labels, strict=True)
    ]
    return float(torch.stack(hits).all(dim=0).float().mean())
