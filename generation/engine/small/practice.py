"""The training loop every stage shares: optimiser, schedule, averaged weights, checkpoints."""

import copy
import math
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

_SAVE_EVERY_S = 120.0
_WARMUP_STEPS = 100


class Practice:
    """Counts steps and learns from losses; killed and started again, it goes on."""

    def __init__(
        self, path: Path, models: dict[str, Any], *, steps: int, rate: float, seed: int
    ) -> None:
        self.path, self.models, self.steps, self.rate = path, models, steps, rate
        self.step = 0
        self.averages = {name: copy.deepcopy(model) for name, model in models.items()}
        self._weights = [p for model in models.values() for p in model.parameters()]
        self._optimiser = torch.optim.AdamW(
            self._weights, lr=rate, betas=(0.9, 0.98), weight_decay=0.01
        )
        self._saved_at = time.monotonic()
        if path.exists():
            self._resume()
        # A resumed run must not see the same batches again.
        torch.manual_seed(seed + 1000 * self.step)

    def __iter__(self) -> Iterator[int]:
        """Yield step numbers until the end; call learn once for each."""
        while self.step < self.steps:
            yield self.step
            self.step += 1
            if time.monotonic() - self._saved_at > _SAVE_EVERY_S:
                self.save()
        self.save()

    def learn(self, loss: torch.Tensor) -> None:
        """Take one step down the loss and move the averaged weights after it."""
        for group in self._optimiser.param_groups:
            group["lr"] = self._current_rate()
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self._weights, 1.0)
        self._optimiser.step()
        keep = min(0.998, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            for name, model in self.models.items():
                for mean, now in zip(
                    self.averages[name].parameters(), model.parameters(), strict=True
                ):
                    mean.lerp_(now, 1 - keep)

    def save(self) -> None:
        """Write the checkpoint beside the old one, then rename."""
        state = {
            "step": self.step,
            "models": {name: model.state_dict() for name, model in self.models.items()},
            "averages": {name: model.state_dict() for name, model in self.averages.items()},
            "optimiser": self._optimiser.state_dict(),
        }
        beside = self.path.with_suffix(".new")
        torch.save(state, beside)
        beside.replace(self.path)
        self._saved_at = time.monotonic()

    def _resume(self) -> None:
        state = torch.load(self.path, weights_only=True)
        self.step = state["step"]
        for name, model in self.models.items():
            model.load_state_dict(state["models"][name])
            self.averages[name].load_state_dict(state["averages"][name])
        self._optimiser.load_state_dict(state["optimiser"])

    def _current_rate(self) -> float:
        warm = min(1.0, (self.step + 1) / _WARMUP_STEPS)
        fade = 0.5 * (1 + math.cos(math.pi * self.step / self.steps))
        return self.rate * warm * max(fade, 0.02)
