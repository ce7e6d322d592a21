"""The platform of the hub's own staff: what they order is drawn at the hub's expense, and no app hears of it."""

from genhub.lib.ids import new_id
from genhub.platforms.models import Platform

CODE, NAME = "house", "The house (staff)"


def find_house() -> Platform:
    """Return the platform of the house, made on first use."""
    words = {"code": choose_code, "name": NAME}
    rows = Platform.objects.select_related("plan")
    return rows.get_or_create(is_house=True, defaults=words)[0]


def choose_code() -> str:
    """Return the code of the house, a longer one where an app has it."""
    is_taken = Platform.objects.filter(code=CODE).exists()
    return f"{CODE}-{new_id().hex[-6:]}" if is_taken else CODE
