"""What a process may use that looks at what strangers sent: little memory and time, and no more than it was given.

Imports nothing of the hub but what it raises.
"""

import contextlib
import math
import os
import resource
import sys
import warnings
from collections.abc import Callable
from typing import Final

from PIL import Image

from storage.containers import RefusedPicture

MOST_MEMORY_BYTES: Final = 1_500_000_000
# Slow machines too decode a picture of its size in that; what takes longer was made to.
CPU_SECONDS: Final = 3
CPU_SECONDS_PER_MEGAPIXEL: Final = 0.4
# Behind whatever the machine has to do for others.
NICENESS: Final = 5


def set_limit(kind: int, most: int) -> None:
    """Bound what this process may use; not every system has every limit."""
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(kind, (most, resource.getrlimit(kind)[1]))


def bound_process(most_memory_bytes: int, cpu_seconds: int) -> None:
    """Bound this process, and have it leave no core behind."""
    set_limit(resource.RLIMIT_AS, most_memory_bytes)
    set_limit(resource.RLIMIT_CPU, cpu_seconds)
    set_limit(resource.RLIMIT_CORE, 0)


def answer_bounded(
    answer: Callable[[bytes], bytes], most_memory_bytes: int, niceness: int = NICENESS
) -> None:
    """Write the answer to what this process was given, made with little memory and time."""
    os.nice(niceness)
    bound_process(most_memory_bytes, CPU_SECONDS)
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        answered = answer(sys.stdin.buffer.read())
    except RefusedPicture as error:
        answered = f"refused {error}\n".encode()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        answered = b"refused too_many_pixels\n"
    sys.stdout.buffer.write(answered)


def bound_seconds(width: int, height: int) -> None:
    """Give the process the seconds of CPU that a picture of this size in pixels may take."""
    megapixels = width * height / 1_000_000
    set_limit(resource.RLIMIT_CPU, CPU_SECONDS + math.ceil(CPU_SECONDS_PER_MEGAPIXEL * megapixels))
