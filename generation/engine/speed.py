"""Faster kernels by the operator's wish, off where they are not supported."""

import logging
from typing import Any

logger = logging.getLogger(__name__)


def choose_attention(transformer: Any, wanted: str, device: str) -> str:
    """Have a transformer use an attention backend of diffusers by its name; return the one in use, `native` if not."""
    if not wanted or device == "cpu":
        return "native"
    try:
        transformer.set_attention_backend(wanted)
    except (ValueError, RuntimeError, ImportError, NotImplementedError) as error:
        logger.warning("attention %s is not supported here, native is used: %s", wanted, error)
        transformer.reset_attention_backend()
        return "native"
    return wanted


def compile_blocks(transformer: Any, device: str) -> bool:
    """Compile the repeated blocks (as fast as the whole, in a tenth of the time); return whether it is done."""
    if device == "cpu":
        logger.warning("LOCAL_COMPILE has no effect without an accelerator")
        return False
    try:
        transformer.compile_repeated_blocks(fullgraph=True, dynamic=True)
    except (ValueError, RuntimeError, ImportError) as error:
        logger.warning("the blocks cannot be compiled here: %s", error)
        return False
    return True
