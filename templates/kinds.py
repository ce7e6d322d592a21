"""Parameters in the words of people, rows of a form, and the JSON Schema that they stand for. Pure.

A row that nobody changed gives back its rules as they were, so nothing that the form has no word for is ever lost.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

TEXT, LONG, CHOICE, NUMBER, WHOLE, COLOUR, PICTURE, TRUTH, SEED, OTHER = (
    "text", "long", "choice", "number", "whole", "colour", "picture", "truth", "seed", "other",
)  # fmt: skip
COLOUR_PATTERN: Final = "^#[0-9A-Fa-f]{6}$"
# What JavaScript's numbers hold exactly, as seeds that the hub draws.
LARGEST_SEED: Final = 2**53 - 1
# What makes rules be of a kind. A format is a note to apps: no order is refused for it.
SIGNS: Final[Mapping[str, Mapping[str, Any]]] = {
    TEXT: {"type": "string"},
    LONG: {"type": "string", "format": "multiline"},
    CHOICE: {"type": "string"},
    NUMBER: {"type": "number"},
    WHOLE: {"type": "integer"},
    COLOUR: {"type": "string", "format": "color", "pattern": COLOUR_PATTERN},
    PICTURE: {"type": "string", "format": "picture"},
    TRUTH: {"type": "boolean"},
    SEED: {"type": "integer", "format": "seed", "minimum": 0, "maximum": LARGEST_SEED},
}
FORMATS: Final = {"multiline": LONG, "color": COLOUR, "picture": PICTURE, "seed": SEED}
# The words of the least and the most that a kind may have; of texts they count characters.
LIMITS: Final[Mapping[str, tuple[str, str]]] = {
    TEXT: ("minLength", "maxLength"),
    LONG: ("minLength", "maxLength"),
    NUMBER: ("minimum", "maximum"),
    WHOLE: ("minimum", "maximum"),
}
# Where a parameter stands in the form: the database keeps no order of names.
ORDER: Final = "x-order"


@dataclass(frozen=True)
class Row:
    """A parameter as a form shows it; None and empty: not said."""

    name: str
    kind: str
    is_required: bool
    label: str = ""
    help: str = ""
    default: Any = None
    least: float | None = None
    most: float | None = None
    choices: tuple[str, ...] = ()
    # The rules as they were before somebody typed.
    kept: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @property
    def beyond(self) -> list[str]:
        """The words of its rules that the form does not show, and keeps."""
        return sorted(set(self.kept) - words_of(kind_of(self.kept)) - {ORDER})


def words_of(kind: str) -> set[str]:
    """Return the words of JSON Schema that a form of this kind decides."""
    if kind == OTHER:
        return set()
    own = {"title", "description", "default", *SIGNS[kind], *LIMITS.get(kind, ())}
    return own | {"enum"} if kind == CHOICE else own


def kind_of(rules: Mapping[str, Any]) -> str:
    """Return the kind that a form can show of a parameter's rules; OTHER where only JSON says all that they do."""
    kind = guess_kind(rules)
    texts = [rules[name] for name in ("title", "description") if name in rules]
    limits = [rules[name] for name in LIMITS.get(kind, ()) if name in rules]
    fits = all(isinstance(text, str) for text in texts)
    fits = fits and all(type(limit) in {int, float} for limit in limits)
    return kind if fits and ("default" not in rules or is_of(kind, rules["default"])) else OTHER


def guess_kind(rules: Mapping[str, Any]) -> str:
    """Return the kind by what marks it."""
    if "enum" in rules:
        values = rules["enum"]
        are_texts = isinstance(values, list) and all(is_choice(value) for value in values)
        return CHOICE if rules.get("type") == "string" and are_texts else OTHER
    marked = FORMATS.get(str(rules.get("format")), OTHER)
    for kind in (marked, TEXT, NUMBER, WHOLE, TRUTH):
        if kind != OTHER and all(rules.get(name) == sign for name, sign in SIGNS[kind].items()):
            return kind
    return OTHER


def is_choice(value: Any) -> bool:
    """Return whether a value can stand as a line of a list of choices."""
    return isinstance(value, str) and value == value.strip() != "" and "\n" not in value


def is_of(kind: str, value: Any) -> bool:
    """Return whether a default is a value of a kind."""
    if kind == TRUTH:
        return isinstance(value, bool)
    if kind in {WHOLE, SEED}:
        return type(value) is int
    return type(value) in {int, float} if kind == NUMBER else isinstance(value, str)


def in_order(parameters: Mapping[str, Any], required: Sequence[Any]) -> list[str]:
    """Return the names as a form shows them: as staff put them, else those first that an order must send."""

    def place(name: str) -> tuple[float, bool, int, str]:
        said = parameters[name].get(ORDER) if isinstance(parameters[name], Mapping) else None
        position = float(said) if type(said) is int else float("inf")
        return position, name not in required, len(name.encode()), name

    return sorted(parameters, key=place)


def list_rows(parameters: Mapping[str, Any], required: Sequence[Any]) -> list[Row]:
    """Return a row for each parameter, in order."""
    return [
        row_of(name, parameters[name], name in required) for name in in_order(parameters, required)
    ]


def row_of(name: str, rules: Mapping[str, Any], is_required: bool) -> Row:  # noqa: FBT001 (a column of the row)
    """Return a parameter's row."""
    kind = kind_of(rules)
    if kind == OTHER:
        return Row(name, kind, is_required, kept=rules)
    least, most = (rules.get(word) for word in LIMITS.get(kind, ("", "")))
    return Row(
        name, kind, is_required,
        label=rules.get("title", ""), help=rules.get("description", ""), default=rules.get("default"),
        least=least, most=most, choices=tuple(rules.get("enum", ())), kept=rules,
    )  # fmt: skip


def rules_of(row: Row) -> dict[str, Any]:
    """Return the rules that a row stands for: those that it had, but for what its form says otherwise."""
    before = row_of(row.name, row.kept, row.is_required)
    if row.kind == OTHER or (row.kept and same(row, before)):
        return dict(row.kept)
    rest = {name: v for name, v in row.kept.items() if name not in words_of(before.kind)}
    rest = {name: v for name, v in rest.items() if name not in words_of(row.kind)}
    said = {
        "title": row.label or None, "description": row.help or None, "default": row.default,
        **dict(zip(LIMITS.get(row.kind, ()), (row.least, row.most), strict=False)),
        "enum": list(row.choices) if row.kind == CHOICE else None,
    }  # fmt: skip
    return {**SIGNS[row.kind], **rest, **{name: v for name, v in said.items() if v is not None}}


def same(row: Row, other: Row) -> bool:
    """Return whether two rows say the same: 1 and 1.0 are alike, 1 and true are not."""

    def shown(one: Row) -> str:
        is_number = type(one.default) is int and one.kind == NUMBER
        default = float(one.default) if is_number else "" if one.default is None else one.default
        limits = [None if limit is None else float(limit) for limit in (one.least, one.most)]
        return json.dumps([one.kind, one.label, one.help, default, limits, one.choices])

    return shown(row) == shown(other)


def schema_of_rows(rows: Iterable[Row], before: Sequence[Any]) -> tuple[dict[str, Any], list[Any]]:
    """Return the parameters and the required names of rows in this order; `before` are the names that were required,
    and keep their order."""
    rows = list(rows)
    parameters = {row.name: rules_of(row) for row in rows}
    wanted = [row.name for row in rows if row.is_required]
    required = [name for name in before if name in wanted]
    required += [name for name in wanted if name not in required]
    if in_order(parameters, required) != list(parameters):
        for place, rules in enumerate(parameters.values(), 1):
            rules[ORDER] = place
    return parameters, required


def find_bound(parameters: Mapping[str, Any]) -> dict[str, str]:
    """Return which parameters say a word of the order itself (its picture, its seed), and need no place in a prompt."""
    kinds = {name: kind_of(rules) for name, rules in parameters.items()}
    words = {PICTURE: "image", SEED: "seed"}
    return {name: words[kind] for name, kind in kinds.items() if kind in words}
