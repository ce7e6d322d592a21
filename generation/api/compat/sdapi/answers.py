"""What a task made, as WebUI's clients read it."""

import base64
import json
from typing import TYPE_CHECKING, Any

from credits.selectors import NO_HOLD, Explained, explain_holds
from generation.api.answers import word
from generation.api.compat.sdapi.orders import RANDOM
from generation.api.compat.sdapi.words import CHECKPOINT, Said
from generation.models import Output, Task
from generation.spec import GenerationSpec
from generation.work.finish import list_facts
from genhub.lib.ids import to_wire
from storage import infotext, texts
from storage.decoding import decode_own
from storage.encoding import encode_as
from storage.seals import label_output
from storage.selectors import read_bytes

if TYPE_CHECKING:
    from storage.models import Artifact

PNG = "png"
# The keyword of the text that WebUI writes into its pictures.
KEYWORD = "parameters"


def answer_drawn(task: Task, said: Said) -> dict[str, Any]:
    """Return a task's pictures in base64, the request as it was understood, and what was done, as JSON in a string."""
    delivered = [output for output in task.outputs.all() if output.shown]
    written = [write_infotext(task, output, said) for output in delivered]
    pictures = zip(delivered, written, strict=True) if said.words.get("send_images", True) else ()
    return {
        "images": [
            base64.b64encode(draw_png(task, output.shown, text)).decode()
            for output, text in pictures
            if output.shown
        ],
        "parameters": answer_parameters(task, said),
        "info": json.dumps(answer_info(task, said, delivered, written), ensure_ascii=False),
    }


def answer_parameters(task: Task, said: Said) -> dict[str, Any]:
    """Return the request as it was understood: what was said, and of the rest what was usual; no pictures."""
    spec = task.spec
    return {
        **said.words,
        "negative_prompt": spec["negative_prompt"],
        "width": spec["width"],
        "height": spec["height"],
        "steps": spec["steps"],
        "cfg_scale": spec["cfg_scale"],
        "sampler_name": spec.get("sampler") or None,
        "denoising_strength": spec.get("strength"),
        "override_settings": {CHECKPOINT: task.model},
        "ignored": said.ignored,
    }


def answer_info(
    task: Task, said: Said, delivered: list[Output], written: list[str]
) -> dict[str, Any]:
    """Return what was done for each picture that was delivered, why each other was not, and what it cost."""
    spec, number = task.spec, len(delivered)
    prompt, negative = said.words.get("prompt", ""), spec["negative_prompt"]
    seeds = [RANDOM if output.seed is None else output.seed for output in delivered]
    hold = explain_holds([task.pk]).get(task.pk, Explained(NO_HOLD, [])).hold
    return {
        "prompt": prompt,
        "all_prompts": [prompt] * number,
        "negative_prompt": negative,
        "all_negative_prompts": [negative] * number,
        "seed": seeds[0] if seeds else RANDOM,
        "all_seeds": seeds,
        "width": spec["width"],
        "height": spec["height"],
        "sampler_name": spec.get("sampler") or None,
        "cfg_scale": spec["cfg_scale"],
        "steps": spec["steps"],
        "batch_size": number,
        "denoising_strength": spec.get("strength"),
        "styles": [task.style] if task.style else [],
        "sd_model_name": task.model,
        "sd_model_hash": None,
        "index_of_first_image": 0,
        "infotexts": written,
        "extra_generation_params": {},
        "job_timestamp": f"{task.created_at:%Y%m%d%H%M%S}",
        "task": to_wire("task", task.pk),
        "credits": {"price": task.price, "captured": hold.captured, "released": hold.released},
        "not_delivered": [
            {"position": output.position, **word(output.failure, output.error_params)}
            for output in task.outputs.all()
            if output.failure
        ],
        "ignored": said.ignored,
    }


def write_infotext(task: Task, output: Output, said: Said) -> str:
    """Return the text of one picture, by which clients draw it again."""
    spec = GenerationSpec.from_json(task.spec)
    facts = list_facts(spec, output.seed)
    # Readers know the last line by its steps.
    facts |= {"Steps": spec.steps or 0, "Style": task.style or None}
    return infotext.write(said.words.get("prompt", ""), spec.negative_prompt, facts)


def draw_png(task: Task, artifact: "Artifact", text: str) -> bytes:
    """Return a picture as PNG, whatever it is stored as, with its label and its text: clients call it that."""
    data = read_bytes(artifact)
    if artifact.content_type != f"image/{PNG}":
        label = label_output(artifact.pk, producer=task.spec.get("producer", ""))
        data = encode_as(decode_own(data), label, PNG).data
    return texts.add_text(data, KEYWORD, text)
