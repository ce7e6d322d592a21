"""The LoRAs that an order wears: its own, else those of its template or style, else its model's usual ones."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from generation.order import Order
from generation.spec import ModelCard
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop
from templates.rendering import Look

LORAS: Final = "loras"
OF_STYLE = gettext_noop(
    "This style wears the LoRA “%(name)s”, which the model “%(model)s” does not have. Name another model or style."
)


def find_loras(
    order: Order, fixed: Mapping[str, Any], look: Look | None, card: ModelCard
) -> tuple[tuple[str, float], ...]:
    """Return the LoRAs to wear: those that the order names, else those that its template fixes, else its style's, else
    the model's usual ones; refuse each that staff did not allow, and each that is named again."""
    of_style = look.settings.get(LORAS) if look and LORAS not in fixed else None
    said = order.loras
    if said is None:
        chosen = fixed.get(LORAS, of_style)
        said = None if chosen is None else tuple((one["name"], one.get("scale")) for one in chosen)
    if said is None:
        return tuple((lora.name, lora.scale) for lora in card.loras if lora.is_usual)
    if mistakes := list(find_lora_mistakes([name for name, _ in said], card)):
        is_styles = order.loras is None and of_style is not None
        raise InvalidRequest(errors=list(map(at_style, mistakes)) if is_styles else mistakes)
    scales = {lora.name: lora.scale for lora in card.loras}
    return tuple((name, scales[name] if scale is None else float(scale)) for name, scale in said)


def at_style(mistake: FieldError) -> FieldError:
    """Return a mistake of the LoRAs of a style at the word that names the style."""
    return FieldError("style_preset", "unsupported", OF_STYLE, mistake.params)


def find_lora_mistakes(names: list[str], card: ModelCard) -> Iterator[FieldError]:
    """Yield what is wrong with the named LoRAs, one error each."""
    allowed = [lora.name for lora in card.loras]
    for position, name in enumerate(names):
        field = f"loras.{position}.name"
        if name not in allowed:
            message = gettext_noop("The model “%(model)s” has no LoRA of this name.")
            yield FieldError(field, "unknown", message, {"model": card.alias, "name": name})
        elif name in names[:position]:
            params = {"model": card.alias, "name": name}
            yield FieldError(field, "repeated", gettext_noop("Name each LoRA once."), params)
