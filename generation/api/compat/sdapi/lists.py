"""What clients of WebUI look up before they order: the hub's models, styles and LoRAs in WebUI's words; empty where it
has nothing of the kind."""

from collections.abc import Callable
from typing import Any, Final

from generation.accounts.routing import list_models
from generation.selectors.queue import list_live_workers
from generation.spec import ModelCard
from generation.work.presence import GONE_AFTER
from genhub.platforms.models import Platform
from templates.selectors import list_styles


def list_image_models() -> list[ModelCard]:
    """Return every model that makes pictures, by name."""
    found = [card for _, card in sorted(list_models().items())]
    return [card for card in found if "image" in card.media_types]


def list_checkpoints() -> list[dict[str, Any]]:
    """Return the models; nobody learns where their weights lie."""
    return [
        {
            "title": card.alias, "model_name": card.alias, "hash": None, "sha256": None,
            "filename": card.alias, "config": None,
        }
        for card in list_image_models()
    ]  # fmt: skip


def list_samplers() -> list[dict[str, Any]]:
    """Return the samplers that orders of some model may name."""
    names = {name: None for card in list_image_models() for name in card.samplers}
    return [{"name": name, "aliases": [], "options": {}} for name in names]


def list_schedulers() -> list[dict[str, Any]]:
    """Return the one that is: each model's own."""
    return [
        {"name": "automatic", "label": "Automatic", "aliases": None, "default_rho": -1.0, "need_inner_model": False}
    ]  # fmt: skip


def list_prompt_styles(platform: Platform) -> list[dict[str, Any]]:
    """Return the styles that a platform may order; what they add to a prompt is the hub's."""
    return [
        {"name": style.code, "prompt": None, "negative_prompt": None}
        for style in list_styles(platform.styles)
    ]


def list_loras() -> list[dict[str, Any]]:
    """Return the LoRAs of all models; nobody learns where they lie."""
    names = {lora.name: None for card in list_image_models() for lora in card.loras}
    return [{"name": name, "alias": name, "path": name, "metadata": {}} for name in names]


def read_memory() -> dict[str, Any]:
    """Return the memory in bytes of a card that works for the hub, as health tells it; that of machines is untold."""
    facts: dict[str, Any] = next(
        (
            worker.facts
            for worker in list_live_workers(GONE_AFTER)
            if worker.facts.get("memory_total")
        ),
        {},
    )
    cuda: dict[str, Any] = {"error": "unavailable"}
    if total := facts.get("memory_total"):
        used = facts.get("memory_used") or 0
        cuda = {"system": {"free": total - used, "used": used, "total": total}}
    return {"ram": {"error": "unavailable"}, "cuda": cuda}


def read_nothing() -> list[Any]:
    """Return that the hub has nothing of the kind."""
    return []


LISTS: Final[dict[str, Callable[[], Any]]] = {
    "sd-models": list_checkpoints,
    "samplers": list_samplers,
    "schedulers": list_schedulers,
    "loras": list_loras,
    "memory": read_memory,
    "embeddings": lambda: {"loaded": {}, "skipped": {}},
    "cmd-flags": lambda: {"api": True},
    "scripts": lambda: {"txt2img": [], "img2img": []},
    **dict.fromkeys(
        (
            "script-info", "sd-vae", "sd-modules", "upscalers", "latent-upscale-modes", "hypernetworks", "face-restorers",
            "realesrgan-models", "extensions",
        ),
        read_nothing,
    ),
}  # fmt: skip
# What WebUI is told to read anew.
REFRESHED: Final = ("refresh-checkpoints", "refresh-vae", "refresh-loras", "refresh-embeddings")
