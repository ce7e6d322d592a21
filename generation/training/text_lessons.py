"""Teaches the text encoder to read: the last three tokens must tell the scene.

The denoiser could teach it from pictures alone, at ten times the price. So the encoder learns
first, by itself, and stays as it is from then on.
"""

import logging
import random
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import AutoTokenizer

from generation.training import networks, phrases, vocabulary
from generation.training.practice import Practice

logger = logging.getLogger(__name__)

_BATCH = 64
_CHECK_EVERY = 250
_SMOOTHING = 0.01
_WORLD = tuple(
    list(names)
    for names in (vocabulary.SHAPES, vocabulary.COLOURS, vocabulary.PLACES, vocabulary.RADII)
)
_NAMES = [len(names) + 1 for names in _WORLD]  # and none, where there is no second thing
_Logits = tuple[torch.Tensor, ...]


def train_text(out: Path, steps: int) -> None:
    """Train the text encoder for the given number of steps; resumes what lies in out."""
    tokenizer = load_tokenizer(out)
    encoder, heads = networks.build_text_encoder(), Heads()
    models = {"text_encoder": encoder, "heads": heads}
    practice = Practice(out / "text.pt", models, steps=steps, rate=1.5e-3, seed=2)
    for step in practice:
        rng = practice.rng
        scenes = [vocabulary.random_scene(rng) for _ in range(_BATCH // practice.partners)]
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
        corpus = [phrases.training_prompt(vocabulary.random_scene(rng), rng) for _ in range(20_000)]
        networks.build_tokenizer(corpus).save_pretrained(folder)
    return AutoTokenizer.from_pretrained(folder)


def load_text_encoder(out: Path) -> Any:
    """Return the trained encoder of the text stage."""
    encoder = networks.build_text_encoder()
    averages = torch.load(out / "text.pt", weights_only=True)["averages"]
    encoder.load_state_dict(averages["text_encoder"])
    return encoder.eval()


class Heads(nn.Module):
    """Tells a scene from a caption's last tokens; training only, never shipped."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.RMSNorm(networks.TEXT_WIDTH)
        self.first = nn.Linear(networks.TEXT_WIDTH, sum(_NAMES))
        self.second = nn.Linear(networks.TEXT_WIDTH, sum(_NAMES))
        self.behind = nn.Linear(networks.TEXT_WIDTH, len(vocabulary.COLOURS))

    def forward(self, captions: list[torch.Tensor]) -> tuple[_Logits, _Logits, torch.Tensor]:
        """Return logits [B, names] of either thing (shape, colour, place, extent) and behind."""
        first, second, behind = self.norm(
            torch.stack([caption[-len(networks.ROLES) :] for caption in captions])
        ).unbind(dim=1)
        one, other = self.first(first), self.second(second)
        return one.split(_NAMES, dim=1), other.split(_NAMES, dim=1), self.behind(behind)

    def loss(self, captions: list[torch.Tensor], scenes: list[vocabulary.Scene]) -> torch.Tensor:
        """Return the summed cross entropy of everything told, the things in either order."""
        *told, behind = self(captions)
        things, backgrounds = name_labels(scenes)
        orders = [
            sum(_errors(logits, labels) for logits, labels in zip(told, order, strict=True))
            for order in (things.unbind(dim=1), things.flip(1).unbind(dim=1))
        ]
        right = torch.minimum(*orders).mean()
        return right + functional.cross_entropy(behind, backgrounds, label_smoothing=_SMOOTHING)

    def are_read(
        self, captions: list[torch.Tensor], scenes: list[vocabulary.Scene]
    ) -> torch.Tensor:
        """Return [B] booleans: whether everything of a scene is told right."""
        *told, behind = self(captions)
        things, backgrounds = name_labels(scenes)
        seen = torch.stack(
            [torch.stack([name.argmax(dim=1) for name in logits], dim=1) for logits in told], dim=1
        )
        ways = [(seen == order).flatten(1).all(dim=1) for order in (things, things.flip(1))]
        return (ways[0] | ways[1]) & (behind.argmax(dim=1) == backgrounds)


def _errors(logits: _Logits, labels: torch.Tensor) -> torch.Tensor:
    """Return the summed cross entropy [B] of one thing's names; labels [B, 4]."""
    errors = [
        functional.cross_entropy(name, label, label_smoothing=_SMOOTHING, reduction="none")
        for name, label in zip(logits, labels.unbind(dim=1), strict=True)
    ]
    return torch.stack(errors).sum(dim=0)


def name_labels(scenes: list[vocabulary.Scene]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the numbers of both things' names, [B, 2, 4] (0 is no thing), and of what is behind."""
    things = []
    for scene in scenes:
        told = [
            [names.index(name) + 1 for names, name in zip(_WORLD, _look(thing), strict=True)]
            for thing in scene.things
        ]
        things.append([*told, *([0] * len(_WORLD) for _ in range(2 - len(told)))])
    backgrounds = [list(vocabulary.COLOURS).index(scene.background) for scene in scenes]
    return torch.tensor(things), torch.tensor(backgrounds)


def _look(thing: vocabulary.Thing) -> tuple[str, ...]:
    return thing.shape, thing.colour, thing.place, thing.extent


@torch.no_grad()
def _held_out_share(tokenizer: Any, encoder: Any, heads: Any) -> dict[str, float]:
    """Return the share of 200 held-out prompts of each kind that are read right in everything."""
    shares = {}
    for kind in phrases.KINDS:
        prompts = phrases.held_out_prompts(200, kinds=(kind,))
        captions = networks.encode_captions(tokenizer, encoder, [text for text, _, _ in prompts])
        right = heads.are_read(captions, [scene for _, _, scene in prompts])
        shares[kind] = round(float(right.float().mean()), 3)
    return shares
