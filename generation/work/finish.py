"""What an attempt's pictures tell in their files, of what its order says."""

import re
from dataclasses import replace
from typing import Any, Final

from generation.life.claims import Claim
from generation.providers.base import Finished, Made, Pixels
from generation.spec import GenerationSpec
from genhub.lib.ids import from_wire
from storage import infotext
from storage.content import Content, Finish, Show, VendorFile
from storage.labels import LONGEST_PARAMETERS_BYTES
from storage.selectors import PREFIX

# What no reader of such a text expects; a new line parts what it says.
CONTROLS: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]+")


def finish_spec(spec: GenerationSpec, seed: int | None) -> Finish:
    """Return how an output of a spec, drawn from this seed, becomes a file."""
    return Finish(
        media_type=spec.media_type,
        form=spec.output_format,
        quality=spec.output_compression,
        producer=spec.producer,
        parameters=tell_parameters(spec, seed) if spec.embeds_parameters else "",
        corner=spec.corner,
        language=spec.language,
        model=spec.model,
        parents=(from_wire(PREFIX, spec.image),) if spec.image else (),
        operations=spec.operations,
    )


def first_position(claim: Claim) -> int:
    """Return the place of an attempt's first output among those of its task: each step of a chain makes one."""
    return max(claim.step - 1, 0)


def place(claim: Claim, finished: Finished) -> Finished:
    """Return what an attempt made at its places in its task."""
    first = first_position(claim)
    return replace(
        finished,
        made=[replace(one, position=one.position + first) for one in finished.made],
        not_made=[replace(one, position=one.position + first) for one in finished.not_made],
    )


def contents_of(made: Made, show: Show | None = None) -> Content:
    """Return an output as the store takes it; a vendor's file is shown on its way."""
    if isinstance(made.content, Pixels):
        return made.content.decode()
    return VendorFile(made.content.media_type, made.content.open, show)


def tell_parameters(spec: GenerationSpec, seed: int | None) -> str:
    """Return what a picture was made of as WebUI writes it, no longer than readers take."""
    return infotext.write(
        CONTROLS.sub(" ", spec.prompt).strip(),
        CONTROLS.sub(" ", spec.negative_prompt).strip(),
        list_facts(spec, seed),
        most_bytes=LONGEST_PARAMETERS_BYTES,
    )


def list_facts(spec: GenerationSpec, seed: int | None) -> dict[str, Any]:
    """Return what is known of how a picture was drawn, in WebUI's words and order; None: nobody knows."""
    return {
        "Steps": spec.steps,
        "Sampler": spec.sampler or None,
        "CFG scale": spec.cfg_scale,
        "Seed": seed,
        "Size": f"{spec.width}x{spec.height}",
        "Model": spec.model,
        "Denoising strength": spec.strength if spec.image else None,
    }
