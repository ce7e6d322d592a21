"""The training loop every stage shares: optimiser, schedule, averaged weights, checkpoints."""

import copy
import math
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import distributed

_SAVE_EVERY_S = 90.0
_WARMUP_STEPS = 40
_KEEP = 0.995  # of the averaged weights at each step
_MATRIX = 64  # rows and columns from which Muon's orthogonal steps pay


class Practice:
    """Counts steps and learns from losses; killed and started again, it goes on.

    Where processes share the work (one thread each beats one process with two threads by half),
    each draws its own half of the batch and the gradients are averaged.
    """

    def __init__(
        self, path: Path, models: dict[str, Any], *, steps: int, rate: float, seed: int
    ) -> None:
        self.path, self.models, self.steps, self.rate = path, models, steps, rate
        self.step = 0
        shared = distributed.is_initialized()
        self.rank = distributed.get_rank() if shared else 0
        self.partners = distributed.get_world_size() if shared else 1
        self._weights = [p for model in models.values() for p in model.parameters()]
        self._start_alike()
        self.averages = {name: copy.deepcopy(model) for name, model in models.items()}
        self._optimisers = self._build_optimisers()
        self._saved_at = time.monotonic()
        if path.exists():
            self._resume()
        # Neither a resumed run nor a partner may see the same batches again.
        torch.manual_seed(seed + 1000 * self.step + self.rank)
        self.rng = random.Random(seed + 1000 * self.step + self.rank)  # noqa: S311

    def __iter__(self) -> Iterator[int]:
        """Yield step numbers until the end; call learn once for each."""
        while self.step < self.steps:
            yield self.step
            self.step += 1
            if self.rank == 0 and time.monotonic() - self._saved_at > _SAVE_EVERY_S:
                self.save()
        if self.rank == 0:
            self.save()

    def learn(self, loss: torch.Tensor) -> None:
        """Take one step down the loss and move the averaged weights after it."""
        for optimiser in self._optimisers:
            for group in optimiser.param_groups:
                group["lr"] = self._current_rate()
            optimiser.zero_grad(set_to_none=True)
        loss.backward()
        self._share_gradients()
        torch.nn.utils.clip_grad_norm_(self._weights, 1.0)
        for optimiser in self._optimisers:
            optimiser.step()
        keep = min(_KEEP, (1 + self.step) / (10 + self.step))
        means = [p.data for model in self.averages.values() for p in model.parameters()]
        torch._foreach_lerp_(means, [p.data for p in self._weights], 1 - keep)

    def save(self) -> None:
        """Write the checkpoint beside the old one, then rename."""
        state = {
            "step": self.step,
            "models": {name: model.state_dict() for name, model in self.models.items()},
            "averages": {name: model.state_dict() for name, model in self.averages.items()},
            "optimisers": [optimiser.state_dict() for optimiser in self._optimisers],
        }
        beside = self.path.with_suffix(".new")
        torch.save(state, beside)
        beside.replace(self.path)
        self._saved_at = time.monotonic()

    def _build_optimisers(self) -> list[torch.optim.Optimizer]:
        """Return Muon for the hidden matrices, which learn faster so, and AdamW for the rest."""
        matrices: list[torch.nn.Parameter] = []
        others: list[torch.nn.Parameter] = []
        for model in self.models.values():
            for name, weight in model.named_parameters():
                hidden = weight.ndim == 2 and min(weight.shape) >= _MATRIX
                wide = hidden and "embed_tokens" not in name
                (matrices if wide else others).append(weight)
        optimisers: list[torch.optim.Optimizer] = [
            torch.optim.AdamW(
                others, lr=self.rate, betas=(0.9, 0.98), weight_decay=0.01, fused=True
            )
        ]
        if matrices:
            muon = torch.optim.Muon(
                matrices, lr=self.rate, weight_decay=0.01, adjust_lr_fn="match_rms_adamw"
            )
            optimisers.append(muon)
        return optimisers

    def _start_alike(self) -> None:
        """Take the first partner's weights: each process draws its own at the start."""
        if self.partners > 1:
            for weight in self._weights:
                distributed.broadcast(weight.data, src=0)

    def _share_gradients(self) -> None:
        if self.partners == 1:
            return
        gradients = [p.grad for p in self._weights if p.grad is not None]
        together = torch.cat([gradient.flatten() for gradient in gradients])
        distributed.all_reduce(together)
        together /= self.partners
        parts = together.split([gradient.numel() for gradient in gradients])
        for gradient, part in zip(gradients, parts, strict=True):
            gradient.copy_(part.view_as(gradient))

    def _resume(self) -> None:
        state = torch.load(self.path, weights_only=True)
        self.step = state["step"]
        for name, model in self.models.items():
            model.load_state_dict(state["models"][name])
            self.averages[name].load_state_dict(state["averages"][name])
        for optimiser, before in zip(self._optimisers, state["optimisers"], strict=True):
            optimiser.load_state_dict(before)

    def _current_rate(self) -> float:
        warm = min(1.0, (self.step + 1) / _WARMUP_STEPS)
        fade = 0.5 * (1 + math.cos(math.pi * self.step / self.steps))
        return self.rate * warm * max(fade, 0.02)
