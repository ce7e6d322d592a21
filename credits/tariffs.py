"""The price list: the rules in force by the database's clock, and those that a hub starts with."""

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F, Q, QuerySet, Value
from django.db.models.functions import Greatest, Now

from credits.models import PriceRule
from credits.pricing import FACTOR, QUANTITIES, WORDS, Bounds, Rule
from genhub.lib import remembered
from genhub.lib.remembered import Remembered, Table

# What a factor of the price list is rounded to.
FACTOR_PLACES = Decimal("0.0001")
FOUR_K_FACTOR = Decimal("1.5")
# Writers of the price list wait for each other, readers for nobody.
LOCK = "LOCK TABLE credits_pricerule IN SHARE ROW EXCLUSIVE MODE"


def rules_in_force() -> list[Rule]:
    """Return the rules by which an order is priced now; a hub without any prices by its settings."""
    with remembered.together():
        listed, moment = LISTED.get(), remembered.now()
    if listed is None:
        return default_rules()
    return [rule for rule in listed if is_in_force(rule, moment)]


def is_in_force(rule: Rule, moment: datetime) -> bool:
    """Return whether an active rule is in force: `in_force`, of a row that was read."""
    has_begun = rule.valid_from is None or rule.valid_from <= moment
    return has_begun and (rule.valid_until is None or rule.valid_until > moment)


def read_rules() -> list[Rule] | None:
    """Return the active rules; None when the hub has no prices of its own at all."""
    rows = list(PriceRule.objects.all())
    return [as_rule(row) for row in rows if row.is_active] if rows else None


LISTED = Remembered(read_rules, [Table(PriceRule)])


def in_force(at: datetime | None = None) -> QuerySet[PriceRule]:
    """Return the rows that are in force now, or at a time that is still to come."""
    moment = Now() if at is None else Greatest(Now(), Value(at))
    return (
        PriceRule.objects.alias(moment=moment)
        .filter(Q(valid_from=None) | Q(valid_from__lte=F("moment")), is_active=True)
        .exclude(valid_until__lte=F("moment"))
    )


def not_over() -> QuerySet[PriceRule]:
    """Return the active rows that are in force or will be: those that a new rule may conflict with."""
    return PriceRule.objects.filter(is_active=True).exclude(valid_until__lte=Now())


def with_and_without(row: PriceRule) -> tuple[list[Rule], list[Rule]]:
    """Return the rules as they are, and as they would be with this row saved, on the first day on which it counts."""
    rules = [as_rule(other) for other in in_force(row.valid_from).exclude(pk=row.pk)]
    earlier = [as_rule(other) for other in in_force(row.valid_from).filter(pk=row.pk)]
    before = rules + earlier
    if not before and not PriceRule.objects.exists():
        before = default_rules()
    return before, rules + ([as_rule(row)] if row.is_active else [])


def as_rule(row: PriceRule) -> Rule:
    """Return a row as the rule that `pricing` reads."""
    bounds: dict[str, Any] = {
        name: Bounds(getattr(row, f"least_{name}"), getattr(row, f"most_{name}"))
        for name in QUANTITIES
    }
    return Rule(
        name=row.name,
        effect=str(row.effect),
        amount=row.amount or 0,
        per=str(row.per),
        factor=Decimal(1) if row.factor is None else row.factor,
        rank=row.rank,
        valid_from=row.valid_from,
        valid_until=row.valid_until,
        id=str(row.pk),
        platform=str(row.platform_id or ""),
        **{word: getattr(row, word) for word in WORDS},
        **bounds,
    )


def default_rules() -> list[Rule]:
    """Return the price list of a hub that has none of its own: its settings, and half as much again for 4k."""
    high_quality = Decimal(str(settings.HIGH_QUALITY_MULTIPLIER))
    return [
        Rule("Picture", amount=settings.DEFAULT_IMAGE_CREDIT_COST, media_type="image"),
        Rule("Clip", amount=settings.DEFAULT_VIDEO_CREDIT_COST, media_type="video"),
        Rule(
            "High quality",
            FACTOR,
            factor=high_quality.quantize(FACTOR_PLACES, ROUND_HALF_UP),
            quality="high",
        ),
        Rule("4k", FACTOR, factor=FOUR_K_FACTOR, resolution="4k"),
    ]


@transaction.atomic
def seed_price_rules() -> int:
    """Write the default rules where there is no rule yet, leave staff's alone; return how many were made."""
    lock_rules()
    if PriceRule.objects.exists():
        return 0
    rows = [PriceRule(**columns_of(rule)) for rule in default_rules()]
    return len(PriceRule.objects.bulk_create(rows))


def columns_of(rule: Rule) -> dict[str, Any]:
    """Return the columns of a default rule."""
    is_factor = rule.effect == FACTOR
    return {
        "name": rule.name,
        "effect": rule.effect,
        "amount": None if is_factor else rule.amount,
        "factor": rule.factor if is_factor else None,
        **{word: getattr(rule, word) for word in WORDS},
    }


def lock_rules() -> None:
    """Make other writers of the price list wait until this transaction ends, so that no two of them conflict."""
    with connection.cursor() as cursor:
        cursor.execute(LOCK)
