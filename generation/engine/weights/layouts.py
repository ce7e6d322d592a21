"""The names of a file's tensors, as the transformer calls them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import torch
from diffusers.loaders.single_file_utils import (
    convert_z_image_transformer_checkpoint_to_diffusers as convert_names,
)

DIFFUSERS: Final = "diffusers"
ORIGINAL: Final = "original"
# Of two that read a file equally well, the first.
LAYOUTS: Final = (DIFFUSERS, ORIGINAL)
# The longest first: a report then names `model.diffusion_model.`, not its two halves.
PREFIXES: Final = (
    "model.diffusion_model.", "diffusion_model.", "transformer.", "module.", "model.", "pipe.dit.", "dit.",
)  # fmt: skip
# What torch puts into the names of a module that it compiles, shards or checkpoints, at any place.
WRAPPERS: Final = ("_orig_mod.", "_fsdp_wrapped_module.", "_checkpoint_wrapped_module.")
WRAPPED: Final = re.compile(rf"(?:(?<=\.)|^)(?:{'|'.join(map(re.escape, WRAPPERS))})+")
# Of a file's parameters: a prefix that fewer bear is part of what the names say.
BEARING: Final = 0.9
# What a checkpoint of a whole pipeline holds beside its transformer.
OTHER_PARTS: Final = (
    "vae.", "first_stage_model.", "text_encoder.", "text_encoders.", "text_encoder_2.",
    "cond_stage_model.", "conditioner.",
)  # fmt: skip


@dataclass(frozen=True)
class Stripped:
    """Names without their prefixes: by the file's name of each tensor, the transformer's."""

    names: dict[str, str]
    prefixes: tuple[str, ...]
    # The tensors of other parts.
    set_aside: tuple[str, ...]


def strip_prefixes(sizes: Mapping[str, int]) -> Stripped:
    """Remove the prefixes that nearly all of a file's parameters bear; other parts of a pipeline are set aside first.

    Takes how many numbers each tensor holds. A name that lacks such a prefix (a trainer's counter) stays as it is.
    """
    names = {key: unwrap(key) for key in sizes}
    prefixes = [wrapper for wrapper in WRAPPERS if any(wrapper in key for key in sizes)]
    set_aside: list[str] = []
    while names:
        others = [key for key, name in names.items() if name.startswith(OTHER_PARTS)]
        set_aside += others
        names = {key: name for key, name in names.items() if key not in set(others)}
        prefix = next((p for p in PREFIXES if _is_borne(p, names, sizes)), None)
        if prefix is None:
            break
        prefixes.append(prefix)
        bearers = {k: n.removeprefix(prefix) for k, n in names.items() if n.startswith(prefix)}
        # The bearers first: of two tensors of one name, the first is taken.
        names = bearers | {key: name for key, name in names.items() if key not in bearers}
    return Stripped(names, tuple(prefixes), tuple(set_aside))


def unwrap(name: str) -> str:
    """Return a name without what torch put into it."""
    return WRAPPED.sub("", name)


def _is_borne(prefix: str, names: Mapping[str, str], sizes: Mapping[str, int]) -> bool:
    bearers = [key for key, name in names.items() if name.startswith(prefix)]
    borne = sum(sizes[key] for key in bearers)
    return bool(bearers) and borne >= BEARING * sum(sizes[key] for key in names)


def convert(name: str, tensor: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return what diffusers' own converter makes of one tensor of the original layout: up to three, or none.

    One at a time: the converter looks at each name alone, and a file of 24 GB is not held in memory for it.
    """
    # The converter would remove these from anywhere; here prefixes go from the start only.
    if any(prefix in name for prefix in PREFIXES):
        return {name: tensor}
    try:
        converted: dict[str, torch.Tensor] = convert_names({name: tensor})
    except (ValueError, RuntimeError, IndexError):
        # A fused tensor that cannot be cut in three is none.
        return {name: tensor}
    return converted
