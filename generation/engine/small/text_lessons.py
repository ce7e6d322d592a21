"""Teaches the text encoder to read: the last token must tell what stands at which place.

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

from generation.engine.small import networks, phrases, words
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
        rng = practice.rng
        scenes = [words.random_scene(rng) for _ in range(_BATCH // practice.partners)]
        prompts = [phrases.training_prompt(scene, rng) for scene in scenes]
        loss = heads.loss(networks.encode_captions(tokenizer, encoder, prompts), scenes)
        practice.learn(loss)
        if practice.rank == 0 and step % _CHECK_EVERY == 0:
            right = _held_out_share(tokenizer, *practice.averages.values())
            logger.info("text %d loss %.4f held out read right %s", step, loss.item(), right)


def load_tokenizer(out: Path) -> Any:
    """Return the tokenizer in out, learning it first if there is none."""
    folder = out / "tokenizer"
    if not folder.exists():
        rng = random.Random(0)  # noqa: S311
        corpus = [phrases.training_prompt(words.random_scene(rng), rng) for _ in range(20_000)]
        networks.build_tokenizer(corpus).save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


class Heads(nn.Module):
    """Tells a scene from a caption's last token; training only, never shipped."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(networks.TEXT_WIDTH)
        self.counts = (
            *(len(words.SHAPES) + 1,) * len(words.PLACES),
            *(len(words.COLOURS) + 1,) * len(words.PLACES),
            len(words.RADII),
            len(words.COLOURS),
        )
        self.head = nn.Linear(networks.TEXT_WIDTH, sum(self.counts))

    def forward(self, captions: list[torch.Tensor]) -> list[torch.Tensor]:
        """Return logits, each [B, names]: nine shapes, nine colours, extent, background."""
        last = self.norm(torch.stack([caption[-1] for caption in captions]))
        return list(self.head(last).split(self.counts, dim=1))

    def loss(self, captions: list[torch.Tensor], scenes: list[words.Scene]) -> torch.Tensor:
        """Return the summed cross entropy of everything told."""
        losses = [
            functional.cross_entropy(logits, labels, label_smoothing=0.01)
            for logits, labels in zip(self(captions), name_labels(scenes).T, strict=True)
        ]
        return torch.stack(losses).sum()


def name_labels(scenes: list[words.Scene]) -> torch.Tensor:
    """Return the right numbers for each of the heads' logits, [B, logits]; 0 is an empty place."""
    return torch.tensor([_labels(scene) for scene in scenes])


def _labels(scene: words.Scene) -> list[int]:
    there = {thing.place: thing for thing in scene.things}
    things = [there.get(place) for place in words.PLACES]
    colours = list(words.COLOURS)
    return [
        *(words.SHAPES.index(thing.shape) + 1 if thing else 0 for thing in things),
        *(colours.index(thing.colour) + 1 if thing else 0 for thing in things),
        list(words.RADII).index(scene.things[0].extent),
        colours.index(scene.background),
    ]


@torch.no_grad()
def _held_out_share(tokenizer: Any, encoder: Any, heads: Any) -> dict[str, float]:
    """Return the share of 80 held-out prompts of each kind that are read right in everything."""
    shares = {}
    for kind in phrases.KINDS:
        prompts = phrases.held_out_prompts(80, kinds=(kind,))
        captions = networks.encode_captions(tokenizer, encoder, [text for text, _, _ in prompts])
        told = torch.stack([logits.argmax(dim=1) for logits in heads(captions)], dim=1)
        right = (told == name_labels([scene for _, _, scene in prompts])).all(dim=1)
        shares[kind] = round(float(right.float().mean()), 3)
    return shares
