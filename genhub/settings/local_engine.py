"""The local engine: its models, and how it draws."""

from typing import Any

from genhub.settings.parts import (
    at_least,
    env,
    first,
    model_place,
    one_of,
    price_usd,
    weights_files,
)

# How often what a training has learned is stored, beside it: a death of its worker costs no more steps than that.
TRAINING_CHECKPOINT_SECONDS = at_least("TRAINING_CHECKPOINT_SECONDS", 30, 0)
# How long a worker that has nothing else to do waits for a second order to draw together with its first.
LOCAL_BATCH_WAIT_MS = at_least("LOCAL_BATCH_WAIT_MS", 5, 0, 100)
# Whether a small picture of the state is kept with the progress of a task.
LOCAL_PREVIEWS = env.bool("LOCAL_PREVIEWS", default=True)
# What a picture of the local engine costs the operator; empty: not known.
LOCAL_USD_PER_PICTURE = price_usd("LOCAL_USD_PER_PICTURE")
# Models of the local engine: a folder in the published diffusers layout, or a hub id with its revision.
Z_IMAGE_FOLDER, Z_IMAGE_REVISION = model_place("Z_IMAGE_FOLDER", "Z_IMAGE_REVISION")
Z_IMAGE_TURBO_FOLDER, Z_IMAGE_TURBO_REVISION = model_place(
    "Z_IMAGE_TURBO_FOLDER", "Z_IMAGE_TURBO_REVISION"
)
# Safetensors files, parted as in PATH, that replace weights of Z-Image's transformer.
LIUJUAN_WEIGHTS = weights_files("LIUJUAN_WEIGHTS")
# The best model whose weights somebody named, else the small one of the project.
BEST_MODEL = "z-image" if Z_IMAGE_FOLDER else "z-image-turbo" if Z_IMAGE_TURBO_FOLDER else ""
DEFAULT_MODEL = first("DEFAULT_MODEL", default=BEST_MODEL or "z-image-small")
# The model of clips that name none; empty: each must name one.
DEFAULT_VIDEO_MODEL = first("DEFAULT_VIDEO_MODEL")
# A stage of the local engine (encode, a step, decode, store) that lasts longer has hung and ends its worker; to load
# and to warm up may take ten times as long. 0: never.
LOCAL_STALL_SECONDS = at_least("LOCAL_STALL_SECONDS", 120, 0)
ADAPTER_OPTIONS: dict[str, dict[str, Any]] = {
    "local": {
        # Where the weights live: generation/engine/memory.py says what each mode keeps on the card.
        "offload": one_of(
            "LOCAL_OFFLOAD", "auto", "none", "resident", "model", "group", "sequential"
        ),
        # What the weights are computed in: generation/engine/precision.py says what auto looks at.
        "dtype": one_of("LOCAL_DTYPE", "auto", "bfloat16", "float32"),
        # CPU threads of torch; 0: its own choice.
        "threads": at_least("LOCAL_THREADS", 0, 0),
        # Pictures that are drawn at once at most; large ones are drawn alone. 0: 8 on a card, 2 on the CPU.
        "largest_batch": at_least("LOCAL_BATCH", 0, 0, 64),
        # Encoded prompts that are kept, and transformers kept in the host's memory for a change of weights (a real
        # one takes 12 GiB; never more than half of the memory).
        "embedding_bytes": at_least("LOCAL_EMBEDDING_MIB", 256, 0) * 2**20,
        "pool_bytes": at_least("LOCAL_POOL_GIB", 48, 0) * 2**30,
        # Percent of the transformer's parameters that a weights file must match.
        "weights_threshold": at_least("LOCAL_WEIGHTS_PERCENT", 95, 1, 100) / 100,
        # Both only where an accelerator supports them: compiled blocks, and an attention backend of diffusers by name.
        "compile": env.bool("LOCAL_COMPILE", default=False),
        "attention": first("LOCAL_ATTENTION"),
        "stall_seconds": LOCAL_STALL_SECONDS,
    }
}
