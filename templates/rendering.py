"""From a recipe and parameters to the words of an order. Pure: recipes come from `selectors`."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from referencing import Registry

from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop
from templates.variables import fill

# Publishing refuses schemas that point elsewhere; should one slip through, nothing is fetched for it.
NOTHING_ELSEWHERE: Registry[Any] = Registry()
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


@dataclass(frozen=True)
class Look:
    """An active style."""

    code: str
    suffix_en: str
    suffix_zh: str
    negative_prompt: str
    settings: Mapping[str, Any] = field(default_factory=dict)


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
        "properties": dict(recipe.parameters),
        "required": list(recipe.required),
        "additionalProperties": False,
    }


def render(recipe: Recipe, parameters: Mapping[str, Any]) -> Rendered:
    """Return the recipe's words for these parameters, or raise InvalidRequest naming each wrong one."""
    defaults = {
        name: rules["default"] for name, rules in recipe.parameters.items() if "default" in rules
    }
    values = defaults | dict(parameters)
    if mistakes := list(
        Draft202012Validator(schema_of(recipe), registry=NOTHING_ELSEWHERE).iter_errors(values)
    ):
        raise InvalidRequest(
            errors=[e for m in mistakes for e in field_errors(m, values, set(recipe.parameters))]
        )
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


def field_errors(
    mistake: ValidationError, values: Mapping[str, Any], known: set[str]
) -> list[FieldError]:
    """Return one field error for each parameter that a schema mistake concerns."""
    rule = str(mistake.validator)
    limit: Any = mistake.validator_value
    names = [".".join(str(part) for part in mistake.absolute_path)]
    if rule == "required" and isinstance(limit, list):
        names = [name for name in limit if name not in values]
    elif rule == "additionalProperties":
        names = sorted(set(values) - known)
    if isinstance(limit, list):
        limit = ", ".join(map(str, limit))
    message = MESSAGES.get(rule, OTHER)
    params = {"limit": limit if message is not OTHER else rule} if "%(" in message else {}
    return [FieldError(f"parameters.{name}", rule, message, params) for name in names]
