"""How a purse opens: empty, with the budgets that its platform gives each new user."""

import uuid

from django.db import transaction

from credits.models import Budget, DefaultBudget, Purse


def open_purse(platform_id: uuid.UUID, user: str) -> Purse:
    """Return the purse of a (platform, user), new on first sight: empty, with the default budgets of its platform."""
    if found := Purse.objects.filter(platform_id=platform_id, user=user).first():
        return found
    with transaction.atomic():
        purse, is_new = Purse.objects.get_or_create(platform_id=platform_id, user=user)
        if is_new:
            copy_defaults(purse)
    return purse


def copy_defaults(purse: Purse) -> None:
    """Give a new purse its platform's default budgets, in the transaction that opens it."""
    defaults = DefaultBudget.objects.filter(platform_id=purse.platform_id, is_active=True)
    Budget.objects.bulk_create(
        Budget(purse=purse, period=one.period, most=one.most) for one in defaults
    )
