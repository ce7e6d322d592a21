"""The company's own GPU (or CPU): the engine behind the same interface as every vendor."""

from typing import Any

from generation.engine.memory import read_card
from generation.engine.pipeline import Drawing, Engine, EngineError, OutOfMemoryError
from generation.providers.base import Finished, Output, Provider, Report
from generation.providers.errors import ProviderError
from generation.spec import GenerationSpec, ModelCard


class LocalProvider(Provider):
    """Runs the spec in this process; one process owns one device."""

    def __init__(self, *, offload: str, threads: int) -> None:
        """Take the engine's options; see Engine."""
        self.engine = Engine(offload=offload, threads=threads)

    def warm(self, card: ModelCard) -> None:
        """Load the model before the first order comes; raise EngineError when it cannot be."""
        self.engine.load(card.folder)

    def health(self) -> dict[str, Any]:
        """Return the card's state, if there is one, and what is loaded."""
        return {**read_card(), "device": self.engine.device, "offload": self.engine.offload}

    def submit(self, spec: GenerationSpec, *, card: ModelCard, report: Report) -> Finished:
        """Make one picture after the other, each from its own seed, reporting after each step."""
        drawing = Drawing(
            folder=card.folder,
            prompt=spec.prompt,
            negative_prompt=spec.negative_prompt,
            width=spec.width,
            height=spec.height,
            steps=spec.steps,
            guidance=spec.cfg_scale,
        )
        self.engine.take_timings()
        outputs = []
        try:
            for position, seed in enumerate(spec.seeds):
                report_part = scaled(report, position, len(spec.seeds))
                image = self.engine.draw(drawing, seed=seed, report=report_part)
                outputs.append(Output(position, seed, image))
        except OutOfMemoryError as error:
            raise ProviderError(str(error), code="out_of_memory") from error
        except EngineError as error:
            raise ProviderError(str(error), code="engine_unavailable") from error
        return Finished(outputs, timings=self.engine.take_timings(), facts=self.engine.facts())


def scaled(report: Report, position: int, number: int) -> Report:
    """Return a report for one picture of several that reports the progress of all."""
    return lambda done: report((position + done) / number)
