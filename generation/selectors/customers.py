"""Who a name is: users of platforms, found by the very name that an app gives them."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, QuerySet

from credits.selectors import get_purse, has_purse
from generation.models import Output, RefundRequest, Task
from generation.selectors.tasks import list_outputs_of
from genhub.platforms.models import ApiKey, Platform

if TYPE_CHECKING:
    from credits.models import Purse

# Of a user with a million orders, pictures are looked for in the newest.
TASKS_LOOKED_AT = 200


@dataclass(frozen=True)
class Customer:
    """A user of a platform, with their purse once they have one."""

    platform: Platform
    user: str
    purse: "Purse | None"

    @property
    def tasks(self) -> QuerySet[Task]:
        """Return their orders, newest first."""
        rows = Task.objects.filter(platform=self.platform, user=self.user)
        return rows.order_by("-id")

    @property
    def refunds(self) -> QuerySet[RefundRequest]:
        """Return what staff asked to refund them, newest first."""
        rows = RefundRequest.objects.filter(task__platform=self.platform, task__user=self.user)
        return rows.select_related("task", "requested_by").order_by("-pk")

    def list_outputs(self, number: int) -> list[Output]:
        """Return the newest pictures that they were given and still have."""
        newest = self.tasks.values("pk")[:TASKS_LOOKED_AT]
        return list(list_outputs_of(newest, number).select_related("task", "artifact"))


def find_customer(platform_code: str, user: str) -> Customer | None:
    """Return a platform's user, whom the hub may not have seen yet; None where there is no such platform."""
    platform = Platform.objects.filter(code=platform_code).first()
    if platform is None:
        return None
    return Customer(platform, user, get_purse(platform.pk, user))


def find_platforms(user: str) -> list[Platform]:
    """Return the platforms of which a user of this very name has a purse, an order or a key of their own."""
    named = {"platform": OuterRef("pk"), "user": user}
    ordered, keyed = (Exists(model.objects.filter(**named)) for model in (Task, ApiKey))
    return list(Platform.objects.filter(has_purse("pk", user) | ordered | keyed).order_by("name"))
