"""What would make orders of a recipe fail: found when it is published, not by the first customer. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from jsonschema import Draft202012Validator, SchemaError

from genhub.api.edit_words import read_operations
from genhub.lib.errors import FieldError, InvalidRequest, gettext_noop
from templates.checking import (
    UNBOUNDED,
    PatternUnfit,
    TooCostly,
    compile_pattern,
    find_errors,
)
from templates.fixed_words import find_setting_mistakes
from templates.rendering import Recipe, schema_of
from templates.variables import find_variables
from templates.wording import word_lazily

# A schema that points elsewhere would be fetched when an order comes, or fail then.
POINTERS = {"$ref", "$dynamicRef", "$recursiveRef"}
# What a schema may hold: each order is checked against all of it.
MOST_RULES = 2000
DEEPEST_RULE = 40
# Edits with a picture that belongs to one user.
OWNED = frozenset({"overlay"})


def find_recipe_mistakes(recipe: Recipe) -> list[FieldError]:
    """Return each mistake of a recipe, by field."""
    # Rows hold what staff typed, whatever the annotations say.
    parameters: Any = recipe.parameters
    required: Any = recipe.required
    if not isinstance(parameters, Mapping) or not all(
        isinstance(rules, Mapping) for rules in parameters.values()
    ):
        message = gettext_noop("Parameters are a JSON object that holds an object for each name.")
        return [FieldError("parameters", "invalid", message)]
    if not isinstance(required, list) or not all(isinstance(name, str) for name in required):
        message = gettext_noop("Required parameters are a list of names.")
        return [FieldError("required", "invalid", message)]
    return [
        *find_prompt_mistakes(recipe),
        *find_parameter_mistakes(recipe),
        *find_setting_mistakes(recipe.settings),
        *find_operation_mistakes(recipe),
    ]


def find_prompt_mistakes(recipe: Recipe) -> Iterator[FieldError]:
    """Yield what is wrong with the prompts."""
    if not recipe.prompt.strip():
        yield FieldError("prompt", "blank", gettext_noop("This may not be blank."))
    for field, text in (("prompt", recipe.prompt), ("negative_prompt", recipe.negative_prompt)):
        for name in sorted(find_variables(text) - set(recipe.parameters)):
            message = gettext_noop("The prompt uses {%(name)s}, which is no parameter.")
            yield FieldError(field, "unknown_variable", message, {"name": name})
    # An order that leaves it out would be drawn, and paid, with a hole in its prompt.
    used = find_variables(recipe.prompt) | find_variables(recipe.negative_prompt)
    given = {name for name, rules in recipe.parameters.items() if "default" in rules}
    for name in sorted((used & set(recipe.parameters)) - given - set(recipe.required)):
        message = gettext_noop(
            "The prompt uses {%(name)s}, but an order may leave it out: make it required, or give it a default."
        )
        yield FieldError("required", "may_be_missing", message, {"name": name})


def find_parameter_mistakes(recipe: Recipe) -> Iterator[FieldError]:
    """Yield what is wrong with the parameters' schema."""
    for name in sorted(set(recipe.required) - set(recipe.parameters)):
        message = gettext_noop("“%(name)s” is required, but no parameter.")
        yield FieldError("required", "unknown_parameter", message, {"name": name})
    if forbidden := list(find_forbidden(recipe.parameters)):
        yield from forbidden[:1]
        return
    try:
        Draft202012Validator.check_schema(schema_of(recipe))
    except SchemaError as error:
        message = gettext_noop("This is not valid JSON Schema: %(reason)s")
        yield FieldError("parameters", "invalid_schema", message, {"reason": error.message})
        return
    unfit = [
        mistake for name, rules in recipe.parameters.items() for mistake in find_unfit(name, rules)
    ]
    yield from unfit
    if unfit:
        return
    for name, rules in recipe.parameters.items():
        if "default" in rules and not fits(rules):
            message = gettext_noop("The default of “%(name)s” breaks its own rules.")
            yield FieldError("parameters", "invalid_default", message, {"name": name})


def find_forbidden(parameters: Any) -> Iterator[FieldError]:
    """Yield what no schema may hold, however right: what has no bounded cost, and what points elsewhere."""
    if is_too_large(parameters):
        message = gettext_noop("At most %(most)s names and values, nested at most %(deep)s deep.")
        limits = {"most": MOST_RULES, "deep": DEEPEST_RULE}
        yield FieldError("parameters", "too_large", message, limits)
    words = set(words_of(parameters))
    for name in sorted(UNBOUNDED & words):
        message = gettext_noop("“%(name)s” is not allowed: an order could make it very slow.")
        yield FieldError("parameters", "unbounded", message, {"name": name})
    for name in sorted(POINTERS & words):
        message = gettext_noop("“%(name)s” is not allowed: the schema must stand on its own.")
        yield FieldError("parameters", "pointer", message, {"name": name})


def find_unfit(name: str, rules: Any) -> Iterator[FieldError]:
    """Yield each pattern of a parameter whose time is not linear in the text: lookaround, back references."""
    for pattern in patterns_of(rules):
        try:
            compile_pattern(pattern)
        except PatternUnfit as error:
            message = gettext_noop(
                "The pattern %(pattern)s of “%(name)s” cannot be run in linear time (%(reason)s): "
                "use no lookaround and no back reference."
            )
            values = {"pattern": pattern, "name": name, "reason": str(error)}
            yield FieldError("parameters", "pattern_not_linear", message, values)


def patterns_of(schema: Any) -> Iterator[str]:
    """Yield each pattern anywhere inside a schema."""
    rest = [schema]
    while rest:
        value = rest.pop()
        if isinstance(value, Mapping):
            if isinstance(value.get("pattern"), str):
                yield value["pattern"]
            if isinstance(value.get("patternProperties"), Mapping):
                yield from value["patternProperties"]
            rest += value.values()
        elif isinstance(value, list):
            rest += value


def fits(rules: Mapping[str, Any]) -> bool:
    """Return whether a parameter's default keeps its own rules, found at the cost of an order."""
    try:
        return not find_errors(rules, rules["default"])
    except TooCostly:
        return False


def is_too_large(schema: Any) -> bool:
    """Return whether a schema holds or nests more than orders can be checked against."""
    rest, count = [(0, schema)], 0
    while rest:
        depth, value = rest.pop()
        count += 1
        if depth > DEEPEST_RULE or count > MOST_RULES:
            return True
        parts = value.values() if isinstance(value, Mapping) else value
        if isinstance(value, Mapping | list):
            rest += [(depth + 1, part) for part in parts]
    return False


def find_operation_mistakes(recipe: Recipe) -> Iterator[FieldError]:
    """Yield what is wrong with the words of what is done with each picture; whether it fits them, a trial shows."""
    operations: Any = recipe.operations
    if not operations:
        return
    if recipe.media_type != "image":
        yield FieldError("operations", "no_pictures", gettext_noop("Only pictures are edited."))
        return
    try:
        said = read_operations(operations)
    except InvalidRequest as refusal:
        for error in refusal.errors:
            words = {"place": error.field, "mistake": word_lazily(error)}
            yield FieldError(
                "operations", error.code, gettext_noop("%(place)s: %(mistake)s"), words
            )
        return
    for place, operation in enumerate(said):
        if operation["action"] in OWNED:
            message = gettext_noop(
                "operations[%(place)s]: what is laid over a picture belongs to one user, and a template is for all. Leave it out."
            )
            yield FieldError("operations", "owned", message, {"place": place})


def words_of(schema: Any) -> Iterator[str]:
    """Yield each name of an object anywhere inside a schema."""
    rest = [schema]
    while rest:
        value = rest.pop()
        if isinstance(value, Mapping):
            yield from value
            rest += value.values()
        elif isinstance(value, list):
            rest += value
