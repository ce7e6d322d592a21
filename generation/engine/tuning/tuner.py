"""A training under way: it puts its LoRA on the loaded transformer for a stretch of steps, and takes it off again."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory
from typing import Any, Final

import torch
from diffusers import FlowMatchEulerDiscreteScheduler
from peft import LoraConfig
from safetensors.torch import save_file

from generation.engine.errors import EngineError, OutOfMemoryError
from generation.engine.loading import Parts
from generation.engine.memory import keeps_decoder
from generation.engine.stock import Stock
from generation.engine.tuning.lots import choose_pictures, draw_noise
from generation.engine.tuning.pictures import Encoded, Taught, encode_picture
from generation.engine.tuning.state import (
    KINDS,
    MEAN,
    SQUARE,
    WEIGHTS,
    State,
    begin,
    check_finite,
    read_state,
)
from generation.engine.watchdog import PATIENCE_LOADING, Watchdog
from generation.lesson import Lesson
from generation.spec import ModelCard

ADAPTER: Final = "tuning"
# The attention's layers: what diffusers' own recipe for Z-Image trains.
LAYERS: Final = ("to_q", "to_k", "to_v", "to_out.0")
LARGEST_NORM: Final = 1.0
WEIGHT_DECAY: Final = 1e-4
# What of a parameter's name peft puts there for the adapter's own.
OWN: Final = f".{ADAPTER}."


class Tuner:
    """Trains one LoRA. Belongs to the thread that draws; between two stretches nothing of it is in the model."""

    def __init__(
        self, stock: Stock, watchdog: Watchdog, card: ModelCard, lesson: Lesson, taught: Sequence[Taught]
    ) -> None:  # fmt: skip
        """Take the engine's model and what is to be learned; nothing is loaded yet."""
        self.stock, self.watchdog = stock, watchdog
        self.card, self.lesson, self.taught = card, lesson, taught
        self.state: State | None = None
        self._encoded: list[Encoded] = []
        self._worn: Worn | None = None

    @property
    def step(self) -> int:
        """Return how many steps were done."""
        return self.state.step if self.state else 0

    @property
    def prepared(self) -> int:
        """Return how many pictures were encoded."""
        return len(self._encoded)

    @property
    def is_prepared(self) -> bool:
        """Return whether every picture was encoded."""
        return self.prepared == len(self.taught)

    def prepare_one(self) -> None:
        """Encode the next picture; raise EngineError for a model that cannot be loaded or trained here."""
        with telling_memory("prepare"), self.watchdog.stage("prepare", patience=PATIENCE_LOADING):
            parts = self._have()
            taught = self.taught[len(self._encoded)]
            self._encoded.append(encode_picture(parts, taught, self.lesson.resolution))

    @contextmanager
    def stretch(self) -> Iterator[None]:
        """Have the LoRA in the model while the body trains; afterwards the model is what it was."""
        with telling_memory("wear"), self.watchdog.stage("wear", patience=PATIENCE_LOADING):
            parts = self._have()
            self._worn = Worn(parts, self.lesson)
            try:
                self.state = self._worn.put_on(self.state)
            except BaseException:
                self._take_off()
                raise
        try:
            yield
        finally:
            self._take_off()

    def learn(self) -> float:
        """Take one step, within a stretch, and return its loss; raise EngineError when it is no number."""
        assert self._worn is not None  # noqa: S101 (within a stretch)
        assert self.state is not None  # noqa: S101 (put on with it)
        places = choose_pictures(self.lesson, self.state.step, len(self._encoded))
        with telling_memory("train"), self.watchdog.stage("train"):
            loss = self._worn.learn([self._encoded[place] for place in places], self.state.step)
        self.state.step += 1
        return loss

    def dump(self) -> bytes:
        """Return a checkpoint: what another process goes on from, to the bit."""
        if self._worn and self.state:
            self._worn.read_into(self.state)
        assert self.state is not None  # noqa: S101 (a stretch has begun)
        return self.state.dump(self._told())

    def load(self, data: bytes) -> None:
        """Go on from a checkpoint; raise EngineError for one that is none of this lesson."""
        with NamedTemporaryFile(suffix=".safetensors") as file:
            file.write(data)
            file.flush()
            self.state = read_state(data, self._told(), file.name)

    def write(self, path: Path, facts: Mapping[str, str]) -> None:
        """Write the LoRA as a file that every trainer's reader knows, whole or not at all; raise EngineError where a
        weight is no number, OSError where it cannot be written."""
        assert self.state is not None  # noqa: S101 (trained)
        check_finite(self.state.weights)
        tensors = {f"transformer.{name}": value for name, value in self.state.weights.items()}
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=path.parent, prefix=".") as folder:
            draft = Path(folder) / path.name
            save_file(
                {name: value.contiguous() for name, value in tensors.items()},
                draft,
                {"format": "pt", **facts},
            )
            with draft.open("rb") as file:
                os.fsync(file.fileno())
            draft.replace(path)

    def _told(self) -> dict[str, Any]:
        return {**self.lesson.to_json(), "model": self.card.alias, "pictures": len(self.taught)}

    def _have(self) -> Parts:
        """Return the parts of the model, nothing worn."""
        parts = self.stock.have(self.card, self.lesson.resolution**2)
        if not keeps_decoder(parts.mode.name):
            raise EngineError(
                f"too little memory to train {self.card.alias}: its transformer does not stay on the card "
                f"(offload {parts.mode.name}: {parts.mode.reason})"
            )
        assert self.stock.adapters is not None  # noqa: S101 (loaded together with the parts)
        self.stock.adapters.drop_all()
        return parts

    def _take_off(self) -> None:
        """Leave the model as it was; no memory is given back, since orders wait, and torch uses it again for them."""
        worn, self._worn = self._worn, None
        if worn:
            if self.state:
                worn.read_into(self.state)
            worn.take_off()


@contextmanager
def telling_memory(stage: str) -> Iterator[None]:
    """Raise the engine's own error where the device has too little memory for a stage."""
    try:
        yield
    except torch.OutOfMemoryError as error:
        raise OutOfMemoryError(f"{stage}: {error}") from error


class Worn:
    """The LoRA inside a transformer, with its optimiser."""

    def __init__(self, parts: Parts, lesson: Lesson) -> None:
        self.transformer, self.lesson = parts.transformer, lesson
        self.parameters: dict[str, Any] = {}
        self.optimiser: Any = None
        # Its own, since drawing sets the pipeline's to so many steps.
        scheduler = FlowMatchEulerDiscreteScheduler.from_config(parts.from_noise.scheduler.config)
        self.sigmas = scheduler.sigmas

    def put_on(self, state: State | None) -> State:
        """Put a state's weights into the transformer, those of the very beginning without one; return the state."""
        lesson, transformer = self.lesson, self.transformer
        transformer.requires_grad_(requires_grad=False)
        config = LoraConfig(r=lesson.rank, lora_alpha=lesson.rank, target_modules=list(LAYERS))
        transformer.add_adapter(config, adapter_name=ADAPTER)
        if transformer.device.type == "cuda":
            # A third more time for a fraction of the memory; a processor's memory is not what lacks.
            transformer.enable_gradient_checkpointing()
        self.parameters = {
            name.replace(OWN, "."): parameter
            for name, parameter in transformer.named_parameters()
            if OWN in name
        }
        if state is None:
            shapes = {name: parameter.shape for name, parameter in self.parameters.items()}
            weights = begin(shapes, lesson.rank, lesson.seed)
            state = State(0, {kind: {} for kind in KINDS} | {WEIGHTS: weights})
        for name, parameter in self.parameters.items():
            # In FP32, whatever the model computes in: BF16 would round small steps away.
            parameter.data = state.weights[name].to(parameter.device, torch.float32, copy=True)
        self.optimiser = torch.optim.AdamW(
            list(self.parameters.values()), lr=lesson.rate, weight_decay=WEIGHT_DECAY
        )
        if state.step:
            self._remember(state)
        return state

    def _remember(self, state: State) -> None:
        """Give the optimiser back what it knew."""
        for name, parameter in self.parameters.items():
            known = {
                kind: state.tensors[kind][name].to(parameter.device, copy=True)
                for kind in (MEAN, SQUARE)
            }
            self.optimiser.state[parameter] = {"step": torch.tensor(float(state.step)), **known}

    def learn(self, pictures: Sequence[Encoded], step: int) -> float:
        """Take one step down the loss of the velocity and return it."""
        clean = [picture.latents for picture in pictures]
        noise, sigmas = draw_noise(self.lesson, step, clean, self.sigmas)
        loss = self._loss(pictures, noise, sigmas)
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(list(self.parameters.values()), LARGEST_NORM)
        value = float(loss.detach())
        if not torch.isfinite(torch.tensor(value)):
            raise EngineError(f"the training diverged at step {step + 1}; take a lower rate")
        self.optimiser.step()
        return value

    def _loss(
        self, pictures: Sequence[Encoded], noise: Sequence[torch.Tensor], sigmas: torch.Tensor
    ) -> torch.Tensor:
        """Return the mean squared error of the velocity, each picture at its own noise."""
        device, dtype = self.transformer.device, self.transformer.dtype
        noisy = [
            ((1 - sigma) * one.latents + sigma * own).unsqueeze(1).to(device, dtype)
            for one, own, sigma in zip(pictures, noise, sigmas, strict=True)
        ]
        captions = [one.caption.to(device, dtype) for one in pictures]
        # The pipeline hands over 1 - sigma and negates the answer: so it is clean - noise.
        answers = self.transformer(noisy, (1 - sigmas).to(device), captions, return_dict=False)[0]
        errors = [
            (answer.squeeze(1).float() - (one.latents - own).to(device)).square().mean()
            for answer, one, own in zip(answers, pictures, noise, strict=True)
        ]
        return torch.stack(errors).mean()

    def read_into(self, state: State) -> None:
        """Copy what was learned into a state."""
        for name, parameter in self.parameters.items():
            state.weights[name] = parameter.detach().to("cpu", copy=True)
            known = self.optimiser.state.get(parameter, {}) if self.optimiser else {}
            for kind in (MEAN, SQUARE):
                if kind in known:
                    state.tensors[kind][name] = known[kind].detach().to("cpu", copy=True)

    def take_off(self) -> None:
        """Leave the transformer as it was."""
        self.parameters, self.optimiser = {}, None
        if self.transformer.is_gradient_checkpointing:
            self.transformer.disable_gradient_checkpointing()
        self.transformer.unload_lora()
