"""An adapter that a test holds in its hands: it draws in batches, waits where told to, and does what prompts say."""

import threading
from collections.abc import Callable, Hashable, Sequence
from functools import partial

from PIL import Image

from generation.providers.base import AccountSettings, DrawsBatches, Finished, Made, Pixels, Work
from generation.providers.errors import ProviderError, Stopped
from generation.spec import GenerationSpec, ModelCard
from tests.patience import patience

Hook = Callable[[Sequence[Work]], None]


class Gate:
    """A place that a thread reaches and passes only once the test opens it."""

    def __init__(self) -> None:
        self._reached, self._open = threading.Event(), threading.Event()

    def pass_through(self) -> None:
        """Say that the place is reached, and wait until it is opened."""
        self._reached.set()
        assert self._open.wait(patience(30)), "nobody opened the gate"

    def await_arrival(self) -> None:
        """Wait until somebody has reached the place."""
        assert self._reached.wait(patience(30)), "nobody reached the gate"

    def open(self) -> None:
        """Let everybody pass, now and later."""
        self._open.set()


class Easel(DrawsBatches):
    """Draws flat pictures; obeys `fail`, `break` and `undecodable` in a prompt."""

    def __init__(self, account: AccountSettings) -> None:
        super().__init__(account)
        self.most = 8
        self.batches: list[list[str]] = []
        self.before_drawing: Hook = lambda works: None
        self.before_decoding: Callable[[str], None] = lambda prompt: None
        self.preview: Callable[[], bytes] | None = None

    def batch_key(self, spec: GenerationSpec, card: ModelCard) -> Hashable | None:
        """Sizes must agree; a prompt with `lonely` is drawn alone."""
        return None if "lonely" in spec.prompt else (spec.width, spec.height)

    def largest_batch(self, spec: GenerationSpec, card: ModelCard) -> int:
        """As many as the test says."""
        return self.most

    def submit_batch(self, works: Sequence[Work]) -> list[Finished | Exception]:
        """Draw all, one report each."""
        self.batches.append([work.spec.prompt for work in works])
        self.before_drawing(works)
        return [self._draw(work) for work in works]

    def _draw(self, work: Work) -> Finished | Exception:
        if "fail" in work.spec.prompt:
            return ProviderError("told to fail")
        if "break" in work.spec.prompt:
            return ZeroDivisionError("told to break")
        try:
            work.report(0.5, self.preview)
        except Stopped as stopped:
            return stopped
        decode = partial(self._decode, work.spec)
        seeds = enumerate(work.spec.seeds)
        return Finished([Made(position, Pixels(decode), seed) for position, seed in seeds])

    def _decode(self, spec: GenerationSpec) -> Image.Image:
        self.before_decoding(spec.prompt)
        if "undecodable" in spec.prompt:
            raise ProviderError("told not to decode", code="out_of_memory")
        return Image.new("RGB", (spec.width, spec.height), "red")
