"""What templates and styles may name of what the hub has: its models, their LoRAs, its fonts. Writes nothing."""

from generation.accounts import routing
from storage.edits.fonts import list_fonts


def list_choices() -> dict[str, list[tuple[str, str]]]:
    """Return the values of words whose values the hub's own state decides, each as a form offers it; a LoRA with the
    models that have it."""
    cards = routing.list_models()
    wearers: dict[str, list[str]] = {}
    for alias in sorted(cards):
        for lora in cards[alias].loras:
            wearers.setdefault(lora.name, []).append(alias)
    return {
        "model": [(alias, alias) for alias in sorted(cards)],
        "loras": [(name, f"{name} ({', '.join(wearers[name])})") for name in sorted(wearers)],
        "font": [(name, name) for name in list_fonts()],
    }
