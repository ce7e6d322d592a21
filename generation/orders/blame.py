"""Whose mistake it is when an order of a template is refused: the caller's words, or the template's. Writes nothing."""

from typing import Any

from generation.order import Order
from genhub.lib.errors import FieldError, InvalidRequest, Problem, gettext_noop
from templates.errors import TemplateNotOrderable
from templates.fixed_words import SETTABLE_WORDS
from templates.kinds import find_bound
from templates.rendering import Recipe
from templates.variables import find_variables
from templates.wording import word_lazily

PROMPTS = ("prompt", "negative_prompt")
# The field of a version that lists its further steps.
CHAIN = "chain"
OPERATIONS = "operations"
OF_PARAMETERS = gettext_noop("The prompt that is made of them: %(mistake)s")
OF_TEMPLATE = gettext_noop("It decides “%(name)s”: %(mistake)s")
OF_SETTING = gettext_noop("“%(name)s”: %(mistake)s")


def blame(refusal: InvalidRequest, order: Order, recipe: Recipe) -> Problem:
    """Return a refusal that names words which the caller sent, or the template where the mistake is in there."""
    own = [told for error in refusal.errors if (told := tell_caller(error, order, recipe))]
    if len(own) == len(refusal.errors):
        return InvalidRequest(errors=own)
    errors = [
        FieldError("template", error.code, OF_TEMPLATE, name_it(error))
        for error in refusal.errors
        if not tell_caller(error, order, recipe)
    ]
    return TemplateNotOrderable(errors=errors, template=recipe.code)


def tell_caller(error: FieldError, order: Order, recipe: Recipe) -> FieldError | None:
    """Return a mistake at a word that the caller sent; None when the caller sent nothing of the kind."""
    if error.field in PROMPTS and find_variables(getattr(recipe, error.field)):
        return FieldError("parameters", error.code, OF_PARAMETERS, {"mistake": word_lazily(error)})
    for name, word in find_bound(recipe.parameters).items():
        if error.field == word and getattr(order, word) is None:
            return FieldError(f"parameters.{name}", error.code, error.message, error.params)
    # Of a list, the word is what comes before the place in it.
    word = error.field.partition(".")[0]
    is_fixed = word in {*PROMPTS, *SETTABLE_WORDS, "type", CHAIN}
    is_fixed = is_fixed or error.field.startswith(OPERATIONS)
    was_said = getattr(order, word, None) is not None
    return error if was_said or not is_fixed else None


def at_template(error: FieldError) -> FieldError:
    """Return a mistake of a sample order at the field of the version that staff must mend."""
    name = error.field
    if name in {*PROMPTS, CHAIN}:
        return error
    if name == "type":
        return FieldError("media_type", error.code, error.message, error.params)
    field = "parameters" if name.startswith("parameters.") else "settings"
    if name.startswith(OPERATIONS):
        field = OPERATIONS
    words = name_it(
        FieldError(name.removeprefix("parameters."), error.code, error.message, error.params)
    )
    return FieldError(field, error.code, OF_SETTING, words)  # fmt: skip


def name_it(error: FieldError) -> dict[str, Any]:
    """Return a mistake as the params of another's message."""
    return {"name": error.field, "mistake": word_lazily(error)}
