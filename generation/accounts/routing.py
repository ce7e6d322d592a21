"""The route of an order: which account makes it, by model alias, and why that one."""

import random
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from generation.models import Account, AccountKey, LocalWeights, Offer
from generation.models.account import UNSTEADY
from generation.providers.further import TREATMENTS, treatment_by, treatment_of
from generation.providers.registry import find_class
from generation.spec import GenerationSpec, ModelCard
from genhub.lib import remembered
from genhub.lib.remembered import Remembered, Table

# What keeps a provider from being chosen, or chose it: words of the event, for staff.
CHOSEN, RESTS, AVOIDED, STANDBY, OUTWEIGHED, LEAVES, HAS_PICTURE, UNABLE = (
    "chosen", "rests", "failed_before", "standby", "others_turn", "leaves_the_house", "has_the_picture", "unable",
)  # fmt: skip


@dataclass(frozen=True)
class Route:
    """The account that will make the order, the model's abilities there, and what was thought of each account."""

    account: Account
    card: ModelCard
    reasons: tuple[dict[str, Any], ...] = field(default=())

    @property
    def is_open(self) -> bool:
        """Return whether it takes orders now: it is also chosen while all rest."""
        return all(reason["why"] != RESTS for reason in self.reasons[:1])


def offered() -> QuerySet[Offer]:
    """Return the models that are offered, those in daily use first, and of them the heaviest providers'."""
    found = Offer.objects.filter(is_enabled=True, account__is_enabled=True)
    return found.select_related("account", "local").order_by(
        "account__standby_rank", "-account__weight", "account__alias", "alias"
    )


def choose(
    alias: str,
    *,
    said: Collection[str] = (),
    references: int = 0,
    local_only: bool = False,
    avoided: Collection[int] = (),
    treatment: str = "",
) -> Route | None:
    """Return who makes a model now, or None when nobody offers it; of a treatment, who does that by it.

    Of those that take what the order has said of OPTIONS and so many reference pictures (of all, where none does: who
    is chosen refuses by name) and do not rest, the smallest standby number; among these each gets its weight's part.
    While all rest, the one that is back first. `avoided` accounts failed the order before: they are taken when there is
    no other.
    """
    with remembered.together():
        rows = [row for row in list_candidates(alias) if treatment_by(row.card) == treatment]
    thoughts: dict[str, str] = {}
    if local_only:
        rows = sift(rows, lambda row: keeps_in_house(row.account), LEAVES, thoughts)
    if not rows:
        return None

    def able(row: Candidate) -> bool:
        return takes_all(said, row.card, references)

    if any(map(able, rows)):
        rows = sift(rows, able, UNABLE, thoughts)
    if waking := sift(rows, is_open, RESTS, thoughts):
        fresh = sift(waking, lambda row: row.account_id not in avoided, AVOIDED, thoughts)
        chosen = draw(fresh or waking, thoughts)
        thoughts[chosen.account.alias] = CHOSEN
    else:
        chosen = min(rows, key=lambda row: row.account.resting_until or row.now)
    return Route(chosen.account, chosen.card, told(thoughts, chosen))


def choose_other(spec: GenerationSpec, account_id: int, *, local_only: bool) -> Route | None:
    """Return who takes an order now instead of an account, with all that it says, or None when nobody does."""
    route = choose(
        spec.model,
        said=spec.said,
        references=len(spec.references),
        local_only=local_only,
        avoided={account_id},
        treatment=treatment_of(spec),
    )
    if route is None or not route.is_open or route.account.pk == account_id:
        return None
    return route if takes_all(spec.said, route.card, len(spec.references)) else None


def choose_treating(treatment: str, *, local_only: bool = False) -> Route | None:
    """Return who does this to a finished picture now, or None when nobody does: of the models that do, the first whose
    account takes orders, those in daily use and the heaviest accounts' first; while all rest, the first of all."""
    with remembered.together():
        routes = [
            choose(alias, local_only=local_only, treatment=treatment)
            for alias, rows in OFFERS.get().items()
            if any(treatment_by(card) == treatment for _, card, _ in rows)
        ]
    found = [route for route in routes if route]
    return next((route for route in found if route.is_open), next(iter(found), None))


def find_treating(alias: str) -> ModelCard | None:
    """Return a model that draws nothing, as it is offered first; None for one that draws, and for none."""
    return next((card for card in list_cards(alias) if treatment_by(card)), None)


def list_treatments(*, local_only: bool = False) -> list[str]:
    """Return what of TREATMENTS somebody does now, in their order."""
    offers = [(account, card) for rows in OFFERS.get().values() for account, card, _ in rows]
    done = {
        treatment_by(card)
        for account, card in offers
        if treatment_by(card) and (not local_only or keeps_in_house(account))
    }
    return [treatment for treatment in TREATMENTS if treatment in done]


def choose_maker(alias: str, account_id: int) -> Route | None:
    """Return the account that alone can go on with what it made, resting or not; None when it offers that no more."""
    row = offered().filter(alias=alias, account_id=account_id).first()
    if row is None:
        return None
    return Route(row.account, row.card(), told({row.account.alias: HAS_PICTURE}, row))


def sift(
    rows: list[Any], keep: Callable[[Any], bool], why: str, thoughts: dict[str, str]
) -> list[Any]:
    """Return the offers that are kept; note of the others why not."""
    thoughts |= {row.account.alias: why for row in rows if not keep(row)}
    return [row for row in rows if keep(row)]


@dataclass(frozen=True)
class Candidate:
    """A model that an account offers, and whether it has a key that may be used now."""

    account: Account
    card: ModelCard
    has_key: bool
    now: datetime

    @property
    def account_id(self) -> int:
        """Return its account."""
        return self.account.pk


def list_candidates(alias: str) -> list[Candidate]:
    """Return who offers a model, as `offered` orders them."""
    moment = remembered.now()
    return [
        Candidate(account, card, not keys or any(key.is_usable(moment) for key in keys), moment)
        for account, card, keys in OFFERS.get().get(alias, ())
    ]


def list_cards(alias: str) -> list[ModelCard]:
    """Return a model as each account makes it that offers it."""
    with remembered.together():
        return [row.card for row in list_candidates(alias)]


def read_offers() -> dict[str, list[tuple[Account, ModelCard, list[AccountKey]]]]:
    """Return what is offered by alias, each with its account's keys."""
    found: dict[str, list[tuple[Account, ModelCard, list[AccountKey]]]] = {}
    for row in offered().prefetch_related("account__keys"):
        offers = found.setdefault(row.alias, [])
        offers.append((row.account, row.card(), list(row.account.keys.all())))
    return found


OFFERS = Remembered(
    read_offers,
    [
        Table(Offer),
        Table(LocalWeights),
        Table(Account, without=UNSTEADY),
        Table(AccountKey, without=UNSTEADY),
    ],
)


def takes_all(said: Collection[str], card: ModelCard, references: int = 0) -> bool:
    """Return whether a model honours whatever of OPTIONS an order has said, and all of its reference pictures."""
    return not {*said} & {*card.unsupported} and references <= card.most_references


def is_open(row: Any) -> bool:
    """Return whether an offer's account rests not, and has a key that does not."""
    return bool(row.has_key) and not row.account.is_resting(row.now)


def draw(rows: list[Any], thoughts: dict[str, str]) -> Any:
    """Return one of the smallest standby number, at random by weight; note why not the others."""
    rank = min(row.account.standby_rank for row in rows)
    daily = [row for row in rows if row.account.standby_rank == rank]
    for row in rows:
        thoughts.setdefault(row.account.alias, OUTWEIGHED if row in daily else STANDBY)
    weights = [row.account.weight for row in daily]
    if not any(weights):
        return daily[0]
    return random.choices(daily, weights)[0]  # noqa: S311 (a share of the work, not a secret)


def told(thoughts: dict[str, str], chosen: Any) -> tuple[dict[str, Any], ...]:
    """Return what was thought of each account, the chosen one first."""
    first = chosen.account.alias
    names = [first, *(name for name in thoughts if name != first)]
    return tuple({"provider": name, "why": thoughts[name]} for name in names)


def keeps_in_house(account: Account) -> bool:
    """Return whether an order stays in the house that is given to this account."""
    return account.is_in_house or not is_remote(account)


def is_remote(account: Account) -> bool:
    """Return whether an order leaves this machine that is given to this account."""
    return find_class(account.adapter).capabilities.is_remote


def is_known(alias: str) -> bool:
    """Return whether any provider has a model of this name, switched off or not."""
    return Offer.objects.filter(alias=alias).exists()


def list_models() -> dict[str, ModelCard]:
    """Return every model that an order may name, by alias, as the first of its providers makes it: all that draw."""
    cards: dict[str, ModelCard] = {}
    for row in offered():
        card = row.card()
        if not treatment_by(card):
            cards.setdefault(row.alias, card)
    return cards
