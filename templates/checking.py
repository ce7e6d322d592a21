"""Parameters against a template's schema, at a bounded cost: who orders chooses the values, and must not choose how
long a processor works on them. Pure.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, NoReturn

import re2
from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend
from referencing import Registry

# Publishing refuses schemas that point elsewhere; should one slip through, nothing is fetched for it.
NOTHING_ELSEWHERE: Registry[Any] = Registry()
# Their search costs exponentially much in a nested schema, and runs patterns by Python's own engine.
UNBOUNDED = frozenset({"unevaluatedItems", "unevaluatedProperties"})
# One is a keyword at a value, or another LETTERS_A_STEP letters of it: a few microseconds.
MOST_STEPS = 20_000
LETTERS_A_STEP = 64
LARGEST_PATTERN_BYTES = 1 << 20
ESCAPED = re.compile(r"(\\\\)|\\u([0-9A-Fa-f]{4})")
Check = Callable[[Any, Any, Any, Any], Iterable[ValidationError] | None]


class TooCostly(Exception):
    """To check the values takes more steps than an order may."""


class PatternUnfit(ValueError):
    """A pattern that no linear engine runs; the message is the engine's."""


class Purse:
    """The steps that one check may still take, and what the values weigh."""

    def __init__(self, values: Any) -> None:
        self.left = MOST_STEPS
        self.weights: dict[int, int] = {}
        self.weigh(values)

    def weigh(self, value: Any) -> int:
        """Return how many letters a value has, all that it holds included."""
        if isinstance(value, str):
            return len(value)
        parts: Iterable[Any] = ()
        if isinstance(value, Mapping):
            parts = [part for pair in value.items() for part in pair]
        elif isinstance(value, list):
            parts = value
        weight = 1 + sum(self.weigh(part) for part in parts)
        self.weights[id(value)] = weight
        return weight

    def spend(self, keyword: str, limit: Any, value: Any) -> None:
        """Take what a keyword costs at a value; raise TooCostly when no more is left."""
        weight = len(value) if isinstance(value, str) else self.weights.get(id(value), 1)
        parts = len(limit) if isinstance(limit, list) else 0
        if isinstance(limit, Mapping):
            parts = sum(len(rule) if isinstance(rule, list) else 1 for rule in limit.values())
        if keyword in {"enum", "patternProperties"} and isinstance(value, Mapping | list):
            parts *= len(value) + 1
        self.left -= 1 + parts // 8 + weight // LETTERS_A_STEP
        if self.left < 0:
            raise TooCostly


_purse: ContextVar[Purse] = ContextVar("purse")


def find_errors(schema: Mapping[str, Any], values: Any) -> list[ValidationError]:
    """Return what a schema refuses of some values, or raise TooCostly."""
    try:
        token = _purse.set(Purse(values))
    except RecursionError as error:
        raise TooCostly from error
    try:
        return list(BoundedValidator(schema, registry=NOTHING_ELSEWHERE).iter_errors(values))
    except RecursionError as error:
        raise TooCostly from error
    finally:
        _purse.reset(token)


@lru_cache(maxsize=1000)
def compile_pattern(pattern: str) -> Any:
    """Return a pattern for an engine whose time is linear in the text; raise PatternUnfit when it has none."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = LARGEST_PATTERN_BYTES
    try:
        # JSON Schema's \uXXXX by RE2's name.
        return re2.compile(ESCAPED.sub(lambda m: m[1] or rf"\x{{{m[2]}}}", pattern), options)
    except (re2.error, UnicodeError) as error:
        said = error.args[0] if error.args else ""
        raise PatternUnfit(
            said.decode(errors="replace") if isinstance(said, bytes) else str(said)
        ) from error


def has_match(pattern: str, text: str) -> bool:
    """Return whether a pattern is found in a text; raise TooCostly for one that only a slow engine runs."""
    try:
        return compile_pattern(pattern).search(text) is not None
    except (PatternUnfit, UnicodeError) as error:
        raise TooCostly from error


def check_pattern(validator: Any, pattern: Any, value: Any, _schema: Any) -> Iterator[Any]:
    """Check a text."""
    if validator.is_type(value, "string") and not has_match(pattern, value):
        yield ValidationError("does not match")


def check_pattern_properties(
    validator: Any, patterns: Any, value: Any, _schema: Any
) -> Iterator[Any]:
    """Check each value whose name matches."""
    if not validator.is_type(value, "object"):
        return
    for pattern, rules in patterns.items():
        for name, part in value.items():
            if has_match(pattern, name):
                yield from validator.descend(part, rules, path=name, schema_path=pattern)


def check_additional_properties(
    validator: Any, rules: Any, value: Any, schema: Any
) -> Iterator[Any]:
    """Check each value whose name the schema does not know."""
    if not validator.is_type(value, "object"):
        return
    extras = list_extras(schema, value)
    if rules is False and extras:
        yield ValidationError("has more properties")
    elif rules is not False:
        for name in extras:
            yield from validator.descend(value[name], rules, path=name)


def list_extras(schema: Mapping[str, Any], value: Mapping[str, Any]) -> list[str]:
    """Return the names of an object that a schema does not know."""
    known, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
    return [
        name
        for name in value
        if name not in known and not any(has_match(pattern, name) for pattern in patterns)
    ]


def check_unique_items(validator: Any, is_wanted: Any, value: Any, _schema: Any) -> Iterator[Any]:
    """Check that no item comes twice, by hashes: to compare each with each is quadratic."""
    is_list = is_wanted and validator.is_type(value, "array")
    if is_list and len({hashable(item) for item in value}) < len(value):
        yield ValidationError("has an item twice")


def hashable(value: Any) -> Any:
    """Return what equals for equal JSON: 1 and 1.0 do, 1 and true do not."""
    if isinstance(value, Mapping):
        return "object", frozenset((name, hashable(part)) for name, part in value.items())
    if isinstance(value, list):
        return "array", tuple(hashable(part) for part in value)
    return (type(value) is bool, value)


def refuse_unbounded(*_: Any) -> NoReturn:
    """Refuse every value: only versions published before these words were refused have them."""
    raise TooCostly


def counted(keyword: str, check: Check) -> Check:
    """Return a keyword's check that pays for itself."""

    def pay_and_check(
        validator: Any, limit: Any, value: Any, schema: Any
    ) -> Iterator[ValidationError]:
        _purse.get().spend(keyword, limit, value)
        yield from check(validator, limit, value, schema) or ()

    return pay_and_check


OURS: dict[str, Check] = {
    "pattern": check_pattern,
    "patternProperties": check_pattern_properties,
    "additionalProperties": check_additional_properties,
    "uniqueItems": check_unique_items,
    **dict.fromkeys(UNBOUNDED, refuse_unbounded),
}
BoundedValidator = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    {
        keyword: counted(keyword, check)
        for keyword, check in {**Draft202012Validator.VALIDATORS, **OURS}.items()
    },
)
