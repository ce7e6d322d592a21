"""A program that judges pictures by a classifier that the operator named: safetensors alone, on the CPU, offline.

It reads from its input, for each picture, a line of JSON (`width`, `height`) and as many RGB bytes, and writes a line
of JSON: the score of each label. It knows nothing of the hub.
"""

import json
import os
import resource
import sys
from typing import Any, Final

MOST_MEMORY_BYTES: Final = 16 * 2**30
LARGEST_SIDE_PIXELS: Final = 4096
# Behind whatever the machine has to do for orders.
NICENESS: Final = 5


def load(folder: str) -> Any:
    """Return what judges a picture by the model in a folder: RGB image → score by label."""
    import torch  # noqa: PLC0415 (limits and environment come first)
    from transformers import AutoImageProcessor, AutoModelForImageClassification  # noqa: PLC0415

    torch.set_num_threads(1)
    processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True)
    model = AutoModelForImageClassification.from_pretrained(
        folder, local_files_only=True, use_safetensors=True
    ).eval()
    labels = model.config.id2label

    def judge(image: Any) -> dict[str, float]:
        with torch.inference_mode():
            scores = model(**processor(image, return_tensors="pt")).logits.float().softmax(-1)[0]
        return {str(labels[number]): float(score) for number, score in enumerate(scores)}

    return judge


def main() -> None:
    """Judge until the input ends."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY_BYTES, MOST_MEMORY_BYTES))
    os.nice(NICENESS)
    os.environ |= {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error"}  # fmt: skip
    # Nothing that a library prints may stand among the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    from PIL import Image  # noqa: PLC0415

    judge = load(sys.argv[1])
    while line := sys.stdin.buffer.readline():
        size = json.loads(line)
        width, height = int(size["width"]), int(size["height"])
        if not 0 < max(width, height) <= LARGEST_SIDE_PIXELS:
            raise ValueError(f"{width} x {height}")
        pixels = sys.stdin.buffer.read(3 * width * height)
        image = Image.frombytes("RGB", (width, height), pixels)
        answers.write(json.dumps(judge(image)) + "\n")
        answers.flush()
