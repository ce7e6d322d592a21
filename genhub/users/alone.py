"""What one member of staff may do alone: small sums of one person add up for a day, one deed after the other."""

from datetime import timedelta
from typing import Final

from genhub.users.models import User

ALONE_FOR: Final = timedelta(hours=24)


def lock_person(person: User) -> None:
    """Hold a member of staff's row to the end of the transaction, so that two deeds at once are not each the last below
    a limit; rows that only point at it do not wait."""
    User.objects.select_for_update(no_key=True).get(pk=person.pk)
