"""Sample parameters of a recipe: what the order holds that is tried before publishing. Pure."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator

from templates.mistakes import words_of
from templates.rendering import Recipe

# One of them meets most patterns that people write.
TEXTS = (
    "sample", "Sample", "a red star", "a", "A", "1", "12", "red", "#aabbcc", "2030-01-01", "12:00:00",
    "2030-01-01T12:00:00Z", "a@example.com", "https://example.com/a", "en", "AB-12",
)  # fmt: skip
TYPES = ("string", "integer", "boolean", "array", "object", "null")
# Rules that values may meet which nobody can guess: what fits none of the samples is not proven wrong.
BEYOND_GUESSING = {"pattern", "format", "not", "anyOf", "oneOf", "allOf", "if", "contains", "patternProperties",
                   "dependentSchemas", "propertyNames", "unevaluatedProperties", "unevaluatedItems"}  # fmt: skip
LONGEST_GUESS = 20_000
DEEPEST = 8
MOST_GUESSES = 1000
# Above this, a half added is lost, and an integer may be no float at all.
LARGEST_GUESS = 10**15


def find_samples(recipe: Recipe) -> tuple[dict[str, Any], list[str], bool]:
    """Return a value for each parameter that an order must send, the names that no value can meet, and whether all
    values meet their rules for sure: of some rules only people know a value."""
    values: dict[str, Any] = {}
    impossible, is_sure = [], True
    for name in recipe.required:
        rules = recipe.parameters[name]
        if "default" in rules:
            continue
        validator = Draft202012Validator(rules)
        found = [value for value in islice(guess(rules), MOST_GUESSES) if validator.is_valid(value)]
        if found:
            # A blank one would be refused for being blank where another would do.
            values[name] = next((value for value in found if str(value).strip()), found[0])
        elif BEYOND_GUESSING.intersection(words_of(rules)):
            values[name], is_sure = TEXTS[0], False
        else:
            impossible.append(name)
    return values, impossible, is_sure


def guess_one(rules: Any, depth: int) -> Any:
    """Return the likeliest value that meets the rules of a part, null when none was found."""
    validator = Draft202012Validator(rules)
    return next((v for v in islice(guess(rules, depth), MOST_GUESSES) if validator.is_valid(v)), None)  # fmt: skip


def guess(rules: Any, depth: int = 0) -> Iterator[Any]:
    """Yield values that may meet the rules of a schema, the likeliest first."""
    if not isinstance(rules, Mapping) or depth > DEEPEST:
        yield from TEXTS[:1]
        return
    yield from [rules["const"]] if "const" in rules else []
    for name in ("examples", "enum"):
        yield from rules.get(name, [])
    for name in ("anyOf", "oneOf", "allOf"):
        for part in rules.get(name, []):
            yield from guess({**rules, name: [], **part} if isinstance(part, Mapping) else part, depth + 1)  # fmt: skip
    said = rules.get("type", TYPES)
    for kind in [said] if isinstance(said, str) else said:
        yield from GUESSES[kind](rules, depth)


def guess_text(rules: Mapping[str, Any], depth: int) -> Iterator[str]:
    """Yield texts of an allowed length."""
    least, most = int(rules.get("minLength", 0)), int(rules.get("maxLength", LONGEST_GUESS))
    for text in TEXTS:
        if least <= LONGEST_GUESS:
            yield (text * (least // len(text) + 1) if least > len(text) else text)[:most]


def guess_number(rules: Mapping[str, Any], depth: int) -> Iterator[float]:
    """Yield numbers within the bounds, and next to them."""
    step = rules.get("multipleOf", 1)
    words = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
    bounds = [rules[name] for name in words if name in rules]
    yield from (1, 0, step, *bounds)
    bounds = [bound for bound in bounds if abs(bound) < LARGEST_GUESS]
    for bound in bounds:
        nearest = bound // step * step
        yield from (nearest, nearest + step, nearest - step, bound + 0.5, bound - 0.5)
    if bounds:
        middle = (min(bounds) + max(bounds)) / 2
        yield from (middle, int(middle))


def guess_truth(rules: Mapping[str, Any], depth: int) -> Iterator[bool]:
    """Yield both."""
    yield from (True, False)


def guess_list(rules: Mapping[str, Any], depth: int) -> Iterator[list[Any]]:
    """Yield lists of as few items as are allowed, and of one."""
    least = min(int(rules.get("minItems", 0)), len(TEXTS))
    ahead = [guess_one(part, depth + 1) for part in rules.get("prefixItems", [])]
    items = list(guess(rules.get("items", {}), depth + 1))[: max(least, 1)]
    for number in (least, 1):
        rest = max(number - len(ahead), 0)
        yield ahead[: max(number, len(ahead))] + items[:rest]
        yield ahead + items[:1] * rest


def guess_object(rules: Mapping[str, Any], depth: int) -> Iterator[dict[str, Any]]:
    """Yield an object with the names that are required."""
    known = rules.get("properties", {})
    yield {name: guess_one(known.get(name, {}), depth + 1) for name in rules.get("required", [])}  # fmt: skip


def guess_nothing(rules: Mapping[str, Any], depth: int) -> Iterator[None]:
    """Yield null."""
    yield None


GUESSES: dict[str, Any] = {
    "string": guess_text,
    "integer": guess_number,
    "number": guess_number,
    "boolean": guess_truth,
    "array": guess_list,
    "object": guess_object,
    "null": guess_nothing,
}
