"""From a recipe and parameters to the words of an order. Pure: recipes come from `selectors`."""

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jsonschema import ValidationError

from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop
from templates.checking import TooCostly, find_errors, list_extras
from templates.kinds import in_order
from templates.variables import fill

CHINESE = re.compile(r"[\u4e00-\u9fff]")

# What jsonschema calls a mistake -> our message id and the name of the limit in it.
MESSAGES = {
    "type": gettext_noop("It must be of type %(limit)s."),
    "enum": gettext_noop("It must be one of %(limit)s."),
    "minLength": gettext_noop("It must have at least %(limit)s characters."),
    "maxLength": gettext_noop("It must have at most %(limit)s characters."),
    "minimum": gettext_noop("It must be at least %(limit)s."),
    "maximum": gettext_noop("It must be at most %(limit)s."),
    "pattern": gettext_noop("It must match %(limit)s."),
    "required": gettext_noop("This parameter is required."),
    "additionalProperties": gettext_noop("The template has no parameter of this name."),
}
TOO_COSTLY = gettext_noop(
    "To check it against the template's schema takes too long. Send fewer and shorter values, or ask the hub's staff."
)
OTHER = gettext_noop("The template's schema refuses it (%(limit)s).")


@dataclass(frozen=True)
class Recipe:
    """A published template version."""

    version_id: uuid.UUID
    code: str
    name: str
    number: int
    category: str
    media_type: str
    prompt: str
    negative_prompt: str
    parameters: Mapping[str, Mapping[str, Any]]
    required: list[str]
    settings: Mapping[str, Any]
    price: int | None
    local_only: bool = False
    # Without a seed, too, a picture that was drawn before may be found.
    caches: bool = False
    # The further steps, as `templates.chains` reads them.
    chain: Sequence[Mapping[str, Any]] = ()
    # What is done with each picture once it is made.
    operations: Sequence[Mapping[str, Any]] = ()
    # How strictly its orders are judged at least; empty: as the platform says.
    moderation: str = ""
    # The codes of those that may order it; none: every platform may.
    platforms: Sequence[str] = ()


@dataclass(frozen=True)
class Look:
    """An active style."""

    code: str
    suffix_en: str
    suffix_zh: str
    negative_prompt: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    # Artifact ids of pictures of what it looks like; they are the house's.
    references: Sequence[str] = ()


@dataclass(frozen=True)
class Rendered:
    """Words of an order: the prompts, and the request words that recipe and style decide."""

    prompt: str
    negative_prompt: str
    settings: Mapping[str, Any]


def schema_of(recipe: Recipe) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) that the parameters of an order must meet."""
    return {
        "type": "object",
        "properties": {
            name: recipe.parameters[name] for name in in_order(recipe.parameters, recipe.required)
        },
        "required": list(recipe.required),
        "additionalProperties": False,
    }


def render(recipe: Recipe, parameters: Mapping[str, Any]) -> Rendered:
    """Return the recipe's words for these parameters, or raise InvalidRequest naming each wrong one."""
    defaults = {
        name: rules["default"] for name, rules in recipe.parameters.items() if "default" in rules
    }
    values = defaults | dict(parameters)
    try:
        mistakes = find_errors(schema_of(recipe), values)
    except TooCostly as error:
        raise InvalidRequest(errors=[FieldError("parameters", "too_costly", TOO_COSTLY)]) from error
    if mistakes:
        raise InvalidRequest(errors=[e for m in named_once(mistakes) for e in field_errors(m)])
    return Rendered(
        fill(recipe.prompt, values), fill(recipe.negative_prompt, values), dict(recipe.settings)
    )


def wear(look: Look, rendered: Rendered) -> Rendered:
    """Return the order's words with a style's additions, in the prompt's own language.

    What the style avoids comes last, after the model's own words: the caller adds it.
    """
    is_chinese = CHINESE.search(rendered.prompt) is not None
    suffix = look.suffix_zh if is_chinese else look.suffix_en
    separator = "," if is_chinese else ", "
    return Rendered(
        separator.join(filter(None, [rendered.prompt, suffix])),
        rendered.negative_prompt,
        {**look.settings, **rendered.settings},
    )


def named_once(mistakes: list[ValidationError]) -> list[ValidationError]:
    """Return the mistakes, but of those that each name every missing parameter of an object only the first."""
    firsts = {
        (tuple(m.absolute_path), tuple(m.absolute_schema_path)): m
        for m in reversed(mistakes)
        if m.validator == "required"
    }
    return [m for m in mistakes if m.validator != "required" or m in firsts.values()]


def field_errors(mistake: ValidationError) -> list[FieldError]:
    """Return one field error for each parameter that a schema mistake concerns."""
    rule = str(mistake.validator)
    limit: Any = mistake.validator_value
    path = [str(part) for part in mistake.absolute_path]
    names = [".".join(path)]
    instance: Any = mistake.instance
    if rule == "required" and isinstance(limit, list):
        names = [".".join([*path, name]) for name in limit if name not in instance]
    elif rule == "additionalProperties":
        extras = sorted(list_extras(mistake.schema, instance))  # type: ignore[arg-type]
        names = [".".join([*path, name]) for name in extras]
    if isinstance(limit, list):
        limit = ", ".join(map(str, limit))
    message = MESSAGES.get(rule, OTHER)
    params = {"limit": limit if message is not OTHER else rule} if "%(" in message else {}
    return [FieldError(f"parameters.{name}", rule, message, params) for name in names]
