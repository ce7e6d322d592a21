"""Faster kernels by the operator's wish, off where they are not supported."""

import logging
from typing import Any

import torch
from diffusers.models.attention_dispatch import dispatch_attention_fn

logger = logging.getLogger(__name__)

NATIVE = "native"


def choose_attention(transformer: Any, wanted: str, device: str) -> str:
    """Have a transformer use an attention backend of diffusers by its name; return the one in use, `native` if not."""
    if not wanted or device == "cpu":
        return NATIVE
    try:
        transformer.set_attention_backend(wanted)
        attend_with_mask(transformer.config, device, transformer.dtype)
    except Exception as error:  # noqa: BLE001 (kernels fail in their own ways; the log says how)
        logger.warning("attention %s is not supported here, native is used: %s", wanted, error)
        # Not `reset_attention_backend`: it leaves the wanted one as the process's own.
        transformer.set_attention_backend(NATIVE)
        return NATIVE
    return wanted


def attend_with_mask(config: Any, device: str, dtype: torch.dtype) -> None:
    """Run the backend in use once as a picture does whose two prompts differ in length; many take no such mask."""
    tokens = torch.zeros(1, 64, config.n_heads, config.dim // config.n_heads, device=device)
    tokens = tokens.to(dtype)
    mask = torch.ones(1, 1, 1, 64, dtype=torch.bool, device=device)
    dispatch_attention_fn(tokens, tokens, tokens, attn_mask=mask)


def compile_blocks(transformer: Any, device: str) -> bool:
    """Compile the repeated blocks (as fast as the whole, in a tenth of the time); return whether it is done.

    It happens with the first picture: what cannot be compiled then runs as it is.
    """
    if device == "cpu":
        logger.warning("LOCAL_COMPILE has no effect without an accelerator")
        return False
    torch._dynamo.config.suppress_errors = True  # noqa: SLF001 (its documented place)
    try:
        transformer.compile_repeated_blocks(dynamic=True)
    except (ValueError, RuntimeError, ImportError) as error:
        logger.warning("the blocks cannot be compiled here: %s", error)
        return False
    return True
