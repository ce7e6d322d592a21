"""A vendor for tests and rehearsals that is asked for nothing outside: it does what words in the prompt tell it.

At once, by default: flat pictures, or clips, in the colour of their seeds. Other ways to go:

- `stub:wait=SECONDS`  takes the order and works on it for so long: submitted, polled, finished; reports its progress
- `stub:lost`          takes the order, and its answer is lost
- `stub:found=N`       lists N orders that may be the lost one, each with its prompt; `stub:found=other` one of another
  prompt, `stub:found=late` one that was made a day later, `stub:found=busy` does not answer
- `stub:file=FORMAT`   answers with files (png, jpeg, webp) instead of pixels, of seeds that it does not tell
- `stub:revise`        draws from another prompt than was ordered, and says so
- `stub:refuse=N`      does not make the first N pictures
- `stub:fail`, `stub:retry`, `stub:break`   refuses, is busy, breaks the adapter; with `stub:wait` the order does
- `stub:poll=busy|break`                    cannot be asked, or answers what nobody understands
- `stub:cancel=free|billed|unknown|busy`    what it says to a cancel; as a rule: free while it works, else billed
"""

import base64
import io
import json
import re
import secrets
import time
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any, BinaryIO, Self

from PIL import Image, ImageChops

from generation.providers.base import (
    CancelOutcome,
    Capabilities,
    Finished,
    Found,
    Hint,
    Lost,
    Made,
    NotMade,
    Pixels,
    Provider,
    Submitted,
    VendorFile,
    Waiting,
    Work,
)
from generation.providers.errors import ProviderError, Sent, Unsupported
from generation.providers.further import TASKS, TREATMENTS, FollowUp, treatment_of
from generation.providers.wording import treated_of
from generation.spec import LARGEST_EXACT, OPTIONS, GenerationSpec
from genhub.lib.limits import MOST_REFERENCES

WORD = re.compile(r"stub:(\w+)(?:=([\w.]+))?")
REVISED = "a picture, as the stub understands it"
PREFIX = "stub-"
A_DAY = timedelta(days=1)
USUAL_RATE = 24
FOLLOW_UPS = (FollowUp("upscale", 4, is_last=True), FollowUp("variation", 4), FollowUp("reroll"))


@dataclass(frozen=True)
class Job:
    """An order as the stub remembers it: all of it is in its id, so that any process may ask. Times in Unix seconds."""

    words: dict[str, str]
    width: int
    height: int
    number: int
    seed: int
    began_at: float
    ready_at: float
    # Of a clip alone.
    seconds: int = 0
    fps: int = 0
    sounds: bool = False

    @classmethod
    def of(cls, spec: GenerationSpec, words: dict[str, str], seconds: float) -> Self:
        """Return an order that takes so many seconds from now."""
        now = round(time.time(), 2)
        # As a vendor that takes no seed and says which it took.
        seed = spec.seeds[0] if spec.seeds else secrets.randbelow(LARGEST_EXACT - spec.number)
        clip = (spec.seconds or 0, spec.fps or USUAL_RATE, spec.audio)
        return cls(words, spec.width, spec.height, spec.number, seed, now, now + seconds, *clip)

    def to_id(self) -> str:
        """Return the order's id."""
        packed = zlib.compress(json.dumps(list(asdict(self).values())).encode(), 9)
        return PREFIX + base64.urlsafe_b64encode(packed).decode()

    @classmethod
    def from_id(cls, remote_id: str) -> Self:
        """Return the order of an id; raise ProviderError for an id that the stub never gave."""
        try:
            packed = base64.urlsafe_b64decode(remote_id.removeprefix(PREFIX))
            return cls(*json.loads(zlib.decompress(packed)))
        except (ValueError, TypeError, zlib.error) as error:
            raise ProviderError(f"the stub has no order {remote_id}", sent=Sent.YES) from error

    def seeds(self) -> range:
        """Return one seed for each picture."""
        return range(self.seed, self.seed + self.number)

    def progress(self) -> float:
        """Return how far the order is, 0 to 1."""
        took = self.ready_at - self.began_at
        return 1.0 if took <= 0 else min(max(0.0, (time.time() - self.began_at) / took), 1.0)


class StubProvider(Provider):
    """Obeys the words in the prompt."""

    capabilities = Capabilities(
        calls_back=True,
        finds_lost=True,
        follow_ups=FOLLOW_UPS,
        makes=frozenset({"image", "video"}),
        takes=frozenset(OPTIONS),
        treats=frozenset(TREATMENTS),
        most_references=MOST_REFERENCES,
    )

    def submit(self, work: Work) -> Submitted | Finished:
        """Make the pictures at once, take the order, or fail."""
        words = dict(WORD.findall(work.spec.prompt))
        if treated := treated_of(work):
            return treat(treated, treatment_of(work.spec))
        if work.spec.options:
            check_follow_up(work.spec.options)
        if "lost" in words:
            raise ProviderError("told to lose the answer", sent=Sent.MAYBE)
        if "wait" in words:
            seconds = read_seconds(words["wait"])
            return Submitted(Job.of(work.spec, words, seconds).to_id(), min(seconds, 1.0))
        work.report(0.5)
        job = Job.of(work.spec, words, 0)
        return make(job, work.spec.seeds or job.seeds())

    def poll(self, remote_id: str) -> Waiting | Finished:
        """Say how far an order is, and make the pictures once it is ready."""
        job = Job.from_id(remote_id)
        if job.words.get("poll") == "busy":
            raise ProviderError("told to be busy", retryable=True, retry_after_seconds=1)
        if job.words.get("poll") == "break":
            raise ZeroDivisionError("told to break")
        if job.progress() < 1:
            return Waiting(job.progress(), min(job.ready_at - time.time(), 1.0))
        return make(job, job.seeds())

    def cancel(self, remote_id: str) -> CancelOutcome:
        """Say what an order costs that nobody wants any more."""
        job = Job.from_id(remote_id)
        said = job.words.get("cancel") or ("free" if job.progress() < 1 else "billed")
        if said == "busy":
            raise ProviderError("told to be busy", retryable=True)
        return CancelOutcome(said)

    def find_lost(self, lost: Lost) -> list[Found]:
        """List what the order's own words say that the stub has of it."""
        words = dict(WORD.findall(lost.spec.prompt))
        said = words.get("found", "0")
        if said == "busy":
            raise ProviderError("told to be busy", retryable=True)
        made_at = lost.sent_at + (A_DAY if said == "late" else timedelta(0))
        began = made_at.timestamp()
        # What it has was made from the order, not from the words about its fate.
        job = Job.of(lost.spec, {}, 0)
        jobs = [
            replace(job, seed=number, began_at=began, ready_at=began)
            for number in range(int(said) if said.isdigit() else 1)
        ]
        return [Found(one.to_id(), "done", made_at, is_same_prompt=said != "other") for one in jobs]

    def parse_callback(self, headers: Mapping[str, str], body: bytes) -> Hint:
        """Read `{"id": …}`."""
        said = json.loads(body)
        if not isinstance(said, dict) or not isinstance(said.get("id", ""), str):
            raise ValueError("an object with an id")  # noqa: TRY004 (of what was sent, not of a call)
        return Hint(said.get("id", ""))


def make(job: Job, seeds: tuple[int, ...] | range) -> Finished:
    """Return the pictures of an order, or raise what its words say."""
    words = job.words
    if "fail" in words:
        raise ProviderError("told to fail", sent=Sent.YES)
    if "break" in words:
        raise ZeroDivisionError("told to break")
    if "retry" in words:
        raise ProviderError("told to be busy", retryable=True, retry_after_seconds=0, sent=Sent.YES)
    refused = int(words.get("refuse") or 0)
    made = [
        make_one(job, position, seed) for position, seed in enumerate(seeds) if position >= refused
    ]
    if not made:
        raise ProviderError("told to refuse every picture", sent=Sent.YES)
    not_made = [
        NotMade(position, "generation_failed", seed=seed)
        for position, seed in enumerate(seeds[:refused])
    ]
    facts = {"stub": ", ".join(sorted(words)) or "plain", TASKS: [f"{PREFIX}{s}" for s in seeds]}
    return Finished(made, not_made, facts=facts)


def treat(image: Image.Image, treatment: str) -> Finished:
    """Return a finished picture in twice its size, or without whatever has the colour of its first corner."""
    if treatment == "upscale":
        large = image.resize((2 * image.width, 2 * image.height))
        return Finished([Made(0, Pixels(partial(Image.Image.copy, large)))])
    plain = Image.new("RGB", image.size, image.getpixel((0, 0)))
    alpha = ImageChops.difference(image, plain).convert("L").point(lambda value: 255 * (value > 0))
    free = image.copy()
    free.putalpha(alpha)
    return Finished([Made(0, VendorFile("image/png", partial(open_file, free, "png")))])


def check_follow_up(options: Mapping[str, Any]) -> None:
    """Raise Unsupported for options that are not those of a follow-up of the stub's own picture."""
    parts = {follow_up.action: follow_up.parts for follow_up in FOLLOW_UPS}
    if options.get("action") not in parts or not str(options.get("of")).startswith(PREFIX):
        raise Unsupported(f"options: {dict(options)}")
    if "index" in options and options["index"] not in range(1, parts[options["action"]] + 1):
        raise Unsupported(f"index: {options['index']}")


def make_one(job: Job, position: int, seed: int) -> Made:
    """Return one flat picture, in the colour of its seed."""
    colour = (seed % 256, seed // 256 % 256, seed // 65536 % 256)
    image = Image.new("RGB", (job.width, job.height), colour)
    revised = REVISED if "revise" in job.words else ""
    if job.seconds:
        return Made(
            position, VendorFile("video/mp4", partial(open_clip, image, job)), seed, revised
        )
    if kind := job.words.get("file"):
        content = VendorFile(f"image/{kind}", partial(open_file, image, kind))
        return Made(position, content, revised_prompt=revised)
    return Made(position, Pixels(partial(Image.Image.copy, image)), seed, revised)


@contextmanager
def open_clip(image: Image.Image, job: Job) -> Iterator[BinaryIO]:
    """Open a clip that shows a picture."""
    from generation.providers.stub_clips import make_clip  # noqa: PLC0415 (half a second, of clips alone)

    yield make_clip(image, job.seconds, job.fps, sounds=job.sounds)


@contextmanager
def open_file(image: Image.Image, kind: str) -> Iterator[BinaryIO]:
    """Open a picture as a file of this format; raise ProviderError for one that Pillow does not write."""
    file = io.BytesIO()
    try:
        image.save(file, kind)
    except (KeyError, ValueError) as error:
        raise ProviderError(f"no {kind}: {error!r}", sent=Sent.YES) from error
    file.seek(0)
    yield file


def read_seconds(text: str) -> float:
    """Return a number of seconds; raise ProviderError for what is none."""
    try:
        return float(text or 0)
    except ValueError as error:
        raise ProviderError(f"{text} is no number of seconds", sent=Sent.YES) from error
