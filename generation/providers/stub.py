"""A provider for tests and rehearsals: draws a flat picture from the seed, and fails as the prompt tells it to."""

import secrets
from functools import partial

from PIL import Image

from generation.providers.base import Finished, Output, Provider, Refusal, Work
from generation.providers.errors import ProviderError
from generation.spec import LARGEST_EXACT


class StubProvider(Provider):
    """Obeys words in the prompt: `stub:fail`, `stub:retry`, `stub:break`, `stub:refuse=N` (the first N pictures)."""

    def submit(self, work: Work) -> Finished:
        """Draw the pictures at once, or raise what the prompt says."""
        spec = work.spec
        if "stub:fail" in spec.prompt:
            raise ProviderError("told to fail")
        if "stub:break" in spec.prompt:
            raise ZeroDivisionError("told to break")
        if "stub:retry" in spec.prompt:
            raise ProviderError("told to be busy", retryable=True, retry_after_seconds=0)
        work.report(0.5)
        _, _, number = spec.prompt.partition("stub:refuse=")
        refused = int(number[:1]) if number else 0
        outputs, refusals = [], []
        # As a vendor that takes no seed and says which it took.
        seeds = spec.seeds or [secrets.randbelow(LARGEST_EXACT + 1) for _ in range(spec.number)]
        for position, seed in enumerate(seeds):
            if position < refused:
                refusals.append(Refusal(position, seed, "generation_failed"))
                continue
            colour = (seed % 256, seed // 256 % 256, seed // 65536 % 256)
            image = Image.new("RGB", (spec.width, spec.height), colour)
            outputs.append(Output(position, seed, partial(Image.Image.copy, image)))
        if not outputs:
            raise ProviderError("told to refuse every picture")
        return Finished(outputs, refusals)
