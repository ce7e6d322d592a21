"""What to suggest to a user: what they kept in orders that were completed, then what others of their platform keep.

Read from the newest orders alone, a bounded number of rows of an index: no counters that each order would have to move.
Of others only codes and figures are told that several of them share, never a prompt, and not how many they are.
"""

import uuid
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from django.db.models import F, QuerySet

from generation.accounts import routing
from generation.models import Task
from generation.states import TaskState
from templates import selectors

# So many of the newest orders are read, whatever became of them.
ORDERS_OF_USER: Final = 200
ORDERS_OF_PLATFORM: Final = 1000
# What fewer others keep would tell what one of them does.
LEAST_OTHERS: Final = 3
MOST_VALUES: Final = 5
# Of what a template decides nothing was the user's choice.
OF_TEMPLATE: Final = ("template", "quality", "mode", "num_images")
DIRECT: Final = (
    "style_preset", "model", "size", "quality", "mode", "num_images", "steps", "cfg_scale", "style", "sampler",
)  # fmt: skip
WORDS: Final = ("template", *DIRECT)

Value = str | int | float | tuple[int, int]


@dataclass
class Keeping:
    """How often a value was kept in the orders that were read, by whom, and in which of them last (0: the newest)."""

    orders: int = 0
    users: set[str] = field(default_factory=set)
    newest: int = 0


Kept = dict[str, dict[Value, Keeping]]


class Suggested(NamedTuple):
    """Values by the words of an order: the user's own, and the platform's."""

    yours: dict[str, list[Any]]
    platform: dict[str, list[Any]]


def suggest(platform_id: uuid.UUID, user: str, brand: Collection[str] = ()) -> Suggested:
    """Return what a user keeps, most often first, and what several others of the platform keep that the user does not;
    nothing that cannot be ordered now, and no style that is not of the platform's brand (empty: any)."""
    tasks = Task.objects.filter(platform_id=platform_id)
    own = count(read_newest(tasks.filter(user=user), ORDERS_OF_USER))
    newest = read_newest(tasks, ORDERS_OF_PLATFORM)
    others = count(row for row in newest if row["user"] != user)
    offered = list_offered(platform_id, brand)
    found = Suggested({}, {})
    for word in WORDS:
        found.yours[word] = rank(own[word], offered.get(word), key=lambda kept: kept.orders)
        shared = {
            value: kept
            for value, kept in others[word].items()
            if len(kept.users) >= LEAST_OTHERS and value not in own[word]
        }
        found.platform[word] = rank(shared, offered.get(word), key=lambda kept: len(kept.users))
    return found


def read_newest(tasks: QuerySet[Task], number: int) -> Iterator[dict[str, Any]]:
    """Yield what the newest orders said, newest first: those that were completed, and went on with no picture."""
    rows = tasks.order_by("-id").values(
        "user", "state", "follows_id", "style", "model", "quality", "mode", "num_images",
        *(f"spec__{name}" for name in ("width", "height", "steps", "cfg_scale", "style", "sampler", "image", "said")),
        template=F("template_version__template__code"),
    )[:number]  # fmt: skip
    # Sliced before it is sifted: a user whose orders all fail must not have them all read.
    for row in rows:
        if row["state"] == TaskState.COMPLETED and row["follows_id"] is None:
            yield row


def count(rows: Iterable[dict[str, Any]]) -> Kept:
    """Return how often each value of each word was kept."""
    found: Kept = {word: {} for word in WORDS}
    for place, row in enumerate(rows):
        values = chosen(row)
        for word in OF_TEMPLATE if row["template"] else DIRECT:
            value = values[word]
            if value in (None, ""):
                continue
            kept = found[word].setdefault(value, Keeping(newest=place))
            kept.orders += 1
            kept.users.add(row["user"])
    return found


def chosen(row: dict[str, Any]) -> dict[str, Any]:
    """Return what an order chose, by the words of an order; None or empty: nothing, or what was usual."""
    said = row["spec__said"] or ()
    return {
        "template": row["template"],
        "style_preset": row["style"],
        "model": row["model"],
        # That of an order which starts from a picture is the picture's.
        "size": None if row["spec__image"] else (row["spec__width"], row["spec__height"]),
        "quality": row["quality"],
        "mode": row["mode"],
        "num_images": row["num_images"],
        "steps": row["spec__steps"] if "steps" in said else None,
        "cfg_scale": row["spec__cfg_scale"] if "cfg_scale" in said else None,
        "style": row["spec__style"],
        "sampler": row["spec__sampler"],
    }


def rank(
    kept: dict[Value, Keeping], offered: Collection[Value] | None, key: Callable[[Keeping], int]
) -> list[Value]:
    """Return the values with most of what the key counts, the newest of equal ones first; of those that are offered."""
    found = [value for value in kept if offered is None or value in offered]
    found.sort(key=lambda value: (-key(kept[value]), kept[value].newest))
    return found[:MOST_VALUES]


def list_offered(platform_id: uuid.UUID, brand: Collection[str]) -> dict[str, set[Value]]:
    """Return what a platform can order now of the words whose values come and go."""
    return {
        "template": {recipe.code for recipe in selectors.list_recipes(platform_id)},
        "style_preset": {style.code for style in selectors.list_styles(brand)},
        "model": set(routing.list_models()),
    }
