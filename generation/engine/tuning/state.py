"""What a training has learned so far: enough to go on with in another process, to the bit. Safetensors, never a pickle.

No state of a random generator is part of it: whatever is drawn by lot is decided by the lesson's seed and the step.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load, save

from generation.engine.errors import EngineError

Tensors = dict[str, torch.Tensor]

# Kinds of tensors by the beginning of their names: the weights, and what AdamW remembers of their gradients.
WEIGHTS: Final = "weights"
MEAN, SQUARE = "exp_avg", "exp_avg_sq"
KINDS: Final = (WEIGHTS, MEAN, SQUARE)
TOLD: Final = "training"
DOWN: Final = ".lora_A."


@dataclass
class State:
    """How many steps were done, and by kind the tensors by parameter: FP32, on the CPU."""

    step: int = 0
    tensors: dict[str, Tensors] = field(default_factory=lambda: {kind: {} for kind in KINDS})

    @property
    def weights(self) -> Tensors:
        """Return the LoRA's weights, by the transformer's own names."""
        return self.tensors[WEIGHTS]

    def dump(self, of: Mapping[str, Any]) -> bytes:
        """Return the state as a safetensors file that also says what it is a state of."""
        flat = {
            f"{kind}/{name}": tensor.contiguous()
            for kind, tensors in self.tensors.items()
            for name, tensor in tensors.items()
        }
        return save(flat, {TOLD: json.dumps({"step": self.step, "of": dict(of)}, sort_keys=True)})


def read_state(data: bytes, of: Mapping[str, Any], path: str) -> State:
    """Return the state that `dump` wrote into a file at `path`, whose bytes are given too.

    Raises EngineError for what is none, is of another lesson, or holds a number that is not finite.
    """
    try:
        with safe_open(path, "pt") as file:
            told = json.loads((file.metadata() or {})[TOLD])
        flat = load(data)
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise EngineError(f"no checkpoint of a training: {error!r}") from error
    if told["of"] != json.loads(json.dumps(dict(of))):
        raise EngineError("the checkpoint is of another lesson")
    state = State(told["step"])
    for name, tensor in flat.items():
        kind, _, parameter = name.partition("/")
        state.tensors[kind][parameter] = tensor
    check_finite(state.weights)
    return state


def begin(shapes: Mapping[str, torch.Size], rank: int, seed: int) -> Tensors:
    """Return the weights that a training begins with: the first half of each layer by lot, the second nothing, so that
    the model draws as before. The same on every machine."""
    generator = torch.Generator("cpu").manual_seed(seed)
    return {
        name: torch.randn(shape, generator=generator) / rank if DOWN in name else torch.zeros(shape)
        for name, shape in sorted(shapes.items())
    }


def check_finite(weights: Tensors) -> None:
    """Raise EngineError where a weight is no number: such a LoRA draws black pictures."""
    if not all(bool(torch.isfinite(tensor).all()) for tensor in weights.values()):
        raise EngineError("the training diverged: its weights are not finite; take a lower rate")
