"""The platform of the hub's own staff: what they order is drawn at the hub's expense, and no app hears of it."""

from django.db import transaction

from genhub.lib.ids import new_id
from genhub.platforms.models import Platform

CODE, NAME = "house", "The house (staff)"


def find_house() -> Platform:
    """Return the platform of the house, made on first use; where an app has its code, under a longer one."""
    house = Platform.objects.filter(is_house=True).select_related("plan").first()
    if house:
        return house
    with transaction.atomic():
        taken = Platform.objects.filter(code=CODE).exists()
        code = f"{CODE}-{new_id().hex[-6:]}" if taken else CODE
        words = {"code": code, "name": NAME}
        return Platform.objects.get_or_create(is_house=True, defaults=words)[0]
