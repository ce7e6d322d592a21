"""The further steps of a template: each makes one more picture or clip, of what steps before it made. Pure.

A version's own words are its first step; its `chain` lists the others.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from genhub.lib.errors import FieldError, gettext_noop
from templates.fixed_words import find_setting_mistakes
from templates.mistakes import find_prompt_mistakes
from templates.rendering import Recipe
from templates.wording import word_lazily

MOST_STEPS: Final = 4
IMAGE, VIDEO = MEDIA_TYPES = ("image", "video")
# What a step may take from steps before it.
TAKEN: Final = ("image", "last_image")
# By which a step names what an earlier one makes, until that is there.
PROMISE: Final = "step:"
WORDS: Final = frozenset(
    {"prompt", "negative_prompt", "media_type", "settings", "takes", "strength", "price"}
)


@dataclass(frozen=True)
class Step:
    """A further step: a recipe of its own for the parameters of the whole, and of which steps it takes the picture that
    it starts from, and the one that it ends with."""

    number: int
    recipe: Recipe
    takes: Mapping[str, int]
    # How much of the picture is drawn anew, above 0 to 1; None: as is usual.
    strength: float | None = None


def list_steps(recipe: Recipe) -> list[Step]:
    """Return the further steps of a recipe, whose chain has no mistakes."""
    return [make_step(recipe, number, said) for number, said in enumerate(recipe.chain, 2)]


def make_step(recipe: Recipe, number: int, said: Mapping[str, Any]) -> Step:
    """Return a step as a chain says it: without other words it starts from what the step before it made."""
    own = replace(
        recipe,
        prompt=said["prompt"],
        negative_prompt=said.get("negative_prompt", ""),
        media_type=said.get("media_type", IMAGE),
        settings=said.get("settings", {}),
        price=said.get("price"),
        caches=False,
        # Edits are of the picture of the first step alone.
        operations=(),
        chain=(),
    )
    return Step(number, own, said.get("takes", {"image": number - 1}), said.get("strength"))


def made_by(recipe: Recipe) -> list[str]:
    """Return what each step of a recipe makes, an image or a video, in their order."""
    return [recipe.media_type, *(said.get("media_type", IMAGE) for said in recipe.chain)]


def find_chain_mistakes(recipe: Recipe) -> Iterator[FieldError]:
    """Yield what is wrong with the further steps of a recipe."""
    chain: Any = recipe.chain
    if not isinstance(chain, list | tuple) or not all(isinstance(one, Mapping) for one in chain):
        message = gettext_noop("Further steps are a list of JSON objects, one for each.")
        yield FieldError("chain", "invalid", message)
        return
    if len(chain) >= MOST_STEPS:
        message = gettext_noop("A template has at most %(most)s steps, the first included.")
        yield FieldError("chain", "too_many_steps", message, {"most": MOST_STEPS})
        return
    wrong = [
        mistake for number, said in enumerate(chain, 2) for mistake in find_unfit(number, said)
    ]
    yield from wrong
    if wrong or not chain:
        return
    yield from find_several(1, recipe.settings, "settings")
    for step in list_steps(recipe):
        yield from find_wrong_sources(step, made_by(recipe))
        yield from find_several(step.number, step.recipe.settings, "chain")
        for mistake in (
            *find_prompt_mistakes(step.recipe),
            *find_setting_mistakes(step.recipe.settings),
        ):
            yield at_step(step.number, mistake)


def find_unfit(number: int, said: Mapping[str, Any]) -> Iterator[FieldError]:
    """Yield the words of a step that no step has, or that have another kind of value."""
    unknown = gettext_noop("Step %(number)s has no word “%(name)s”.")
    unfit = gettext_noop("In step %(number)s, “%(name)s” cannot have this value.")
    for name in sorted(said.keys() - WORDS):
        yield FieldError("chain", "unknown_word", unknown, {"number": number, "name": name})
    fit = {
        "prompt": isinstance(said.get("prompt"), str),
        "negative_prompt": isinstance(said.get("negative_prompt", ""), str),
        "media_type": said.get("media_type", IMAGE) in MEDIA_TYPES,
        "settings": isinstance(said.get("settings", {}), Mapping),
        "takes": are_sources(said.get("takes", {"image": 1})),
        "strength": "strength" not in said or is_strength(said["strength"]),
        "price": said.get("price") is None or is_count(said["price"]),
    }
    for name in (name for name, is_fit in fit.items() if not is_fit):
        yield FieldError("chain", "invalid_value", unfit, {"number": number, "name": name})


def is_count(value: Any) -> bool:
    """Return whether a value is a whole number from 0 up."""
    return type(value) is int and value >= 0


def is_strength(value: Any) -> bool:
    """Return whether a value can be how much of a picture is drawn anew."""
    return type(value) in {int, float} and 0 < value <= 1


def are_sources(value: Any) -> bool:
    """Return whether a value can be what a step takes, and of which steps."""
    return (
        isinstance(value, Mapping)
        and "image" in value
        and value.keys() <= set(TAKEN)
        and all(type(number) is int and number > 0 for number in value.values())
    )


def find_wrong_sources(step: Step, made: list[str]) -> Iterator[FieldError]:
    """Yield what a step cannot take: of itself or a later one, which would never begin, or a clip."""
    for source in step.takes.values():
        params = {"number": step.number, "source": source}
        if source >= step.number:
            message = gettext_noop(
                "Step %(number)s cannot take what step %(source)s makes: it takes only from steps before it."
            )
            yield FieldError("chain", "cycle", message, params)
        elif made[source - 1] == VIDEO:
            message = gettext_noop(
                "Step %(number)s cannot start from step %(source)s, which makes a clip: name one that makes a picture."
            )
            yield FieldError("chain", "a_clip", message, params)


def find_several(number: int, settings: Any, field: str) -> Iterator[FieldError]:
    """Yield a mistake where a step makes several: the one after it would not know which to take."""
    if isinstance(settings, Mapping) and settings.get("num_images", 1) != 1:
        message = gettext_noop("Each step makes one; leave “num_images” out of step %(number)s.")
        yield FieldError(field, "one_each", message, {"number": number})


def at_step(number: int, mistake: FieldError) -> FieldError:
    """Return a mistake of a step's words at the field of the whole chain."""
    params = {"number": number, "mistake": word_lazily(mistake)}
    return FieldError("chain", mistake.code, gettext_noop("Step %(number)s: %(mistake)s"), params)
