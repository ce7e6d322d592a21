"""What operators decide of the engine; the hub's settings fill it."""

from dataclasses import dataclass

from generation.engine.weights import THRESHOLD

MIB = 2**20


@dataclass(frozen=True)
class Options:
    """The engine's options. Sizes in bytes, times in seconds."""

    # See memory.MODES; auto: by the card's free memory.
    offload: str = "auto"
    # What the weights are loaded and computed in; see precision.WANTED. auto: what the machine is fast at.
    dtype: str = "auto"
    # CPU threads of torch; 0: its own choice.
    threads: int = 0
    # Pictures in one batch at most; 0: as many as pay on the device.
    largest_batch: int = 0
    # Prompt embeddings kept.
    embedding_bytes: int = 256 * MIB
    # Transformers kept in the host's memory, so that a change of weights reads no file; never more than half of it.
    pool_bytes: int = 48 * 1024 * MIB
    # Share of the transformer's parameters that a weights file must match.
    weights_threshold: float = THRESHOLD
    # Whether the transformer's repeated blocks are compiled, and which attention kernels it uses ("": torch's choice).
    compile: bool = False
    attention: str = ""
    # How long a stage (encode, a step, decode, store) may last; 0: for ever.
    stall_seconds: float = 0.0
