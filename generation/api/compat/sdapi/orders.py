"""From what a client of WebUI's said to the hub's words for an order."""

import re
from collections.abc import Sequence
from typing import Any, Final

from generation.api.compat.sdapi.words import CHECKPOINT, Said
from generation.orders.brought import is_brought
from generation.spec import ModelCard
from genhub.lib.errors import gettext_noop, refuse_field
from storage.selectors import PREFIX

# <lora:name:weight>, and what WebUI's other extra networks look like.
NETWORK: Final = re.compile(r"<(lora|lyco|hypernet):([^<>:]+)((?::[^<>:]*)*)>")
# Not all that Python reads as a number is one to people: “nan”, “1_0”.
NUMBER: Final = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
SPACES: Final = re.compile(r"[ \t]{2,}")
# The key of a task's metadata that says which dialect it was ordered in.
DIALECT: Final = "sdapi"
RANDOM: Final = -1
# Names that mean the same here and there.
SAME: Final = ("steps", "cfg_scale", "width", "height", "seed")
# Kept with the task: progress names it so.
TOLD: Final = ("force_task_id",)
# Of the hub's words, those that stock clients send whatever the model takes: WebUI's name for each.
ALWAYS_SENT: Final = {
    "steps": "steps",
    "cfg_scale": "cfg_scale",
    "seed": "seed",
    "strength": "denoising_strength",
}
BAD_WEIGHT = gettext_noop("Write a LoRA as <lora:name:weight>, with one number for its weight.")
NO_NETWORK = gettext_noop("This hub has LoRAs, and no hypernetworks; take “%(name)s” out.")


def to_order(said: Said, cards: Sequence[ModelCard]) -> tuple[dict[str, Any], list[str]]:
    """Return the hub's words for an order, and WebUI's names of those that none of the model's cards takes and that
    were passed over. Raises InvalidRequest for extra networks that the hub has not."""
    words = said.words
    prompt, loras = split_prompt(words.get("prompt", ""))
    told = {name: words[name] for name in TOLD if name in words}
    # What is empty was not said: clients send it so whose user wrote none.
    maybe = {
        "prompt": prompt,
        "loras": loras,
        "negative_prompt": words.get("negative_prompt"),
        "style_preset": "".join(words.get("styles", ())),
        "model": words.get(CHECKPOINT),
    }
    order: dict[str, Any] = {
        "num_images": words.get("batch_size", 1) * words.get("n_iter", 1),
        "metadata": {DIALECT: told},
        **{name: value for name, value in maybe.items() if value},
        **{name: words[name] for name in SAME if name in words},
        **pictures_of(words),
    }
    if order.get("seed") == RANDOM:
        del order["seed"]
    dropped = drop_untaken(order, cards)
    sampler = words.get("sampler_name") or words.get("sampler_index")
    if sampler and any(sampler in card.samplers for card in cards):
        order["sampler"] = sampler
    elif sampler:
        dropped.append("sampler_name")
    return order, dropped


def pictures_of(words: dict[str, Any]) -> dict[str, Any]:
    """Return the hub's words for what an order starts from."""
    found: dict[str, Any] = {}
    if images := words.get("init_images"):
        found["image"] = name_picture(images[0])
    if mask := words.get("mask"):
        found["mask"] = name_picture(mask)
    if "denoising_strength" in words:
        found["strength"] = words["denoising_strength"]
    return found


def name_picture(said: str) -> str:
    """Return a picture as an order names it: what is neither an address, a data URI nor an id is bare base64, maybe on
    several lines."""
    if is_brought(said) or said.startswith(f"{PREFIX}_"):
        return said
    return f"data:;base64,{''.join(said.split())}"


def drop_untaken(order: dict[str, Any], cards: Sequence[ModelCard]) -> list[str]:
    """Take out of an order what no card takes of the words that are always sent, and return WebUI's names of them."""
    untaken = [
        name for name in ALWAYS_SENT
        if cards and name in order and not any(card.takes(name) for card in cards)
    ]  # fmt: skip
    for name in untaken:
        del order[name]
    return [ALWAYS_SENT[name] for name in untaken]


def split_prompt(text: str) -> tuple[str, list[dict[str, Any]]]:
    """Return a prompt without its extra networks, and these as an order's LoRAs; raise InvalidRequest naming what is
    wrong with them."""
    loras: list[dict[str, Any]] = []
    for kind, name, weights in NETWORK.findall(text):
        if kind == "hypernet":
            raise refuse_field("prompt", "unsupported", NO_NETWORK, name=name)
        loras.append({"name": name.strip(), **read_weight(weights)})
    if not loras:
        return text, loras
    return SPACES.sub(" ", NETWORK.sub("", text)).strip(), loras


def read_weight(text: str) -> dict[str, float]:
    """Return the scale in `:weight`, or nothing where none stands there; the same said twice is one."""
    said = {part.strip() for part in text.split(":")} - {""}
    if not all(map(NUMBER.fullmatch, said)):
        raise refuse_field("prompt", "invalid", BAD_WEIGHT)
    scales = {float(part) for part in said}
    if len(scales) > 1:
        raise refuse_field("prompt", "invalid", BAD_WEIGHT)
    return {"scale": scales.pop()} if scales else {}
