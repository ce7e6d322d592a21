"""What is done further with a finished picture: by the vendor that made it, or by anybody who is shown it."""

from dataclasses import dataclass

from generation.spec import GenerationSpec, ModelCard

# Of Finished.facts: the vendor's id of each picture, by position, where it goes on with its pictures.
TASKS = "tasks"
# What some models do to anybody's picture, and then they draw none: the option `treatment` of an offer says which.
TREATMENTS = ("upscale", "remove_background")


@dataclass(frozen=True)
class FollowUp:
    """What a vendor does further with a picture that it made: its name, of how many parts of the picture one is named
    (0: none), and whether nothing follows what comes of it."""

    action: str
    parts: int = 0
    is_last: bool = False


def treatment_of(spec: GenerationSpec) -> str:
    """Return what of TREATMENTS an order is; empty: a picture is drawn, or its maker goes on with its own."""
    return "" if "of" in spec.options else str(spec.options.get("action", ""))


def treatment_by(card: ModelCard) -> str:
    """Return what of TREATMENTS a model does to a finished picture; empty: it draws."""
    return str(card.options.get("treatment", ""))
