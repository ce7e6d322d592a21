"""Kills itself between the store and the commit: of a worker's attempt, or of an upload, as its first word says."""

import io
import os
import signal
import sys
from typing import Any
from uuid import UUID

import django
from PIL import Image


def die(*_: Any, **words: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def work() -> None:
    """Work on the local queue until the first pictures are stored."""
    from generation.life import attempt_ends  # noqa: PLC0415 (once Django is set up)
    from generation.work import run  # noqa: PLC0415 (once Django is set up)

    attempt_ends.complete = die
    run.run_queue("local")


def upload(platform: str) -> None:
    """Take a picture in until it is stored."""
    from storage import uploads  # noqa: PLC0415 (once Django is set up)

    uploads.record_upload = die  # type: ignore[assignment]
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(buffer, "PNG")
    uploads.take_picture(buffer.getvalue(), "image/png", platform_id=UUID(platform), user="carol")


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "work":
        work()
    else:
        upload(sys.argv[2])
