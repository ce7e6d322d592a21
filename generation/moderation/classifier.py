"""The local classifier, in a process of its own: it needs torch, which no other process but the engine's loads, and may
die of what it is shown without anybody else."""

import json
import logging
import queue
import subprocess
import sys
import threading
from typing import Final

from django.conf import settings
from PIL import Image

logger = logging.getLogger(__name__)
PROGRAM: Final = "import sys; sys.path.append(sys.argv.pop()); from generation.engine.classifier import main; main()"
# Of which the first picture has to wait for the libraries and the weights.
FIRST_SECONDS, NEXT_SECONDS = 180.0, 30.0
# What a model sees is smaller.
LONGEST_SIDE_PIXELS: Final = 512


class Unclassified(Exception):
    """The classifier did not judge a picture."""


class Classifier:
    """This process's classifier, started when it is first needed and anew when it has died or hung."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def find_labels(self, image: Image.Image) -> tuple[str, ...]:
        """Return the labels of an RGB picture that are not to be seen; raise Unclassified."""
        small = image.copy()
        small.thumbnail((LONGEST_SIDE_PIXELS, LONGEST_SIDE_PIXELS))
        with self._lock:
            try:
                scores = self._ask(small)
            except (OSError, ValueError, queue.Empty) as error:
                self.stop()
                raise Unclassified(repr(error)) from error
        limits: dict[str, float] = settings.MODERATION_LABELS
        return tuple(label for label, least in limits.items() if scores[label] >= least)

    def _ask(self, image: Image.Image) -> dict[str, float]:
        is_new = self._process is None or self._process.poll() is not None
        process = self._start() if is_new or self._process is None else self._process
        assert process.stdin  # noqa: S101 (opened below)
        head = json.dumps({"width": image.width, "height": image.height}).encode()
        process.stdin.write(head + b"\n" + image.tobytes())
        process.stdin.flush()
        line = self._answers.get(timeout=FIRST_SECONDS if is_new else NEXT_SECONDS)
        scores = json.loads(line or b"null")
        missing = settings.MODERATION_LABELS.keys() - (scores or {}).keys()
        if not isinstance(scores, dict) or missing:
            raise ValueError(f"no scores for {sorted(missing)}")
        return {label: float(score) for label, score in scores.items()}

    def _start(self) -> subprocess.Popen[bytes]:
        self.stop()
        command = [sys.executable, "-I", "-c", PROGRAM, settings.MODERATION_MODEL, str(settings.BASE_DIR)]  # fmt: skip
        process = subprocess.Popen(  # noqa: S603 (our own program)
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._process, self._answers = process, queue.SimpleQueue()
        threading.Thread(target=listen, args=(process, self._answers), daemon=True).start()
        return process

    def stop(self) -> None:
        """End the process; it ends by itself with this one, whose end closes its input."""
        if self._process:
            self._process.kill()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                if pipe:
                    pipe.close()
            self._process = None


def listen(process: "subprocess.Popen[bytes]", answers: "queue.SimpleQueue[bytes]") -> None:
    """Take the lines that a process writes; an empty one at its end."""
    assert process.stdout  # noqa: S101 (opened with it)
    try:
        for line in process.stdout:
            answers.put(line)
    except ValueError:
        # Closed by whoever gave it up.
        logger.debug("the classifier was ended")
    answers.put(b"")


classifier = Classifier()
