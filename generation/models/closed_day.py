"""Days that are over, added up: what staff's figures of a week or a month are made of, instead of all its rows.

The rows stay the truth. A trigger reopens a day of which a row changes later, in the same transaction, and until it was
added up anew its rows are read.
"""

from django.db import models

from generation.models.account import Account
from genhub.lib.ids import new_id
from genhub.platforms.models import Platform


class ClosedDay(models.Model):
    """A day of the hub's zone, of which `closed_at` says that its sums below hold."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    zone = models.CharField(max_length=64, editable=False)
    day = models.DateField(editable=False)
    begins_at = models.DateTimeField(editable=False)
    ends_at = models.DateTimeField(editable=False)
    # Of whoever adds it up, or did; taken away by a change of a row meanwhile, or later.
    mark = models.UUIDField(null=True, editable=False)
    closed_at = models.DateTimeField(null=True, editable=False)
    captured = models.BigIntegerField(db_default=0, editable=False)
    refunded = models.BigIntegerField(db_default=0, editable=False)

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["zone", "day"], name="closed_day_once"),
            models.CheckConstraint(
                condition=models.Q(closed_at=None) | models.Q(mark__isnull=False),
                name="closed_day_by_its_mark",
            ),
        ]
        # A changed row finds the day that it was counted in.
        indexes = [models.Index(fields=["begins_at"], name="closed_day_by_time")]

    def __str__(self) -> str:
        return self.day.isoformat()


class OfDay(models.Model):
    """A part of the sums of a day: it goes with it."""

    closed_day = models.ForeignKey(ClosedDay, models.CASCADE, related_name="+", editable=False, db_index=False)  # fmt: skip

    class Meta:
        abstract = True
        default_permissions = ()


class DayCount(OfDay):
    """Orders that were made on a day, counted in one way: by hour, state, platform, model, template or failure."""

    way = models.CharField(max_length=20, editable=False)
    name = models.CharField(max_length=200, editable=False)
    tasks = models.BigIntegerField(editable=False)
    completed = models.BigIntegerField(editable=False)
    judged = models.BigIntegerField(editable=False)
    cost_usd = models.DecimalField(max_digits=20, decimal_places=6, null=True, editable=False)

    class Meta(OfDay.Meta):
        constraints = [
            models.UniqueConstraint(fields=["closed_day", "way", "name"], name="day_count_once")
        ]

    def __str__(self) -> str:
        return f"{self.way} {self.name}: {self.tasks}"


class DayTime(OfDay):
    """How many orders of a day and a model waited, and were worked on, for about so long."""

    model = models.CharField(max_length=200, editable=False)
    # The exponent of STEP, see `generation.selectors.times`.
    step = models.SmallIntegerField(editable=False)
    waited = models.BigIntegerField(editable=False)
    worked = models.BigIntegerField(editable=False)

    class Meta(OfDay.Meta):
        constraints = [
            models.UniqueConstraint(fields=["closed_day", "model", "step"], name="day_time_once")
        ]

    def __str__(self) -> str:
        return f"{self.model} {self.step}: {self.waited} / {self.worked}"


class DayCost(OfDay):
    """What attempts that ended on a day cost and brought in, of one provider, platform and model."""

    account = models.ForeignKey(Account, models.PROTECT, related_name="+", editable=False, db_index=False)  # fmt: skip
    platform = models.ForeignKey(Platform, models.PROTECT, related_name="+", editable=False, db_index=False)  # fmt: skip
    model = models.CharField(max_length=200, editable=False)
    attempts = models.BigIntegerField(editable=False)
    pictures = models.BigIntegerField(editable=False)
    known_usd = models.DecimalField(max_digits=20, decimal_places=6, null=True, editable=False)
    known_pictures = models.BigIntegerField(editable=False)
    unknown = models.BigIntegerField(editable=False)
    given_up_usd = models.DecimalField(max_digits=20, decimal_places=6, editable=False)
    credits = models.BigIntegerField(editable=False)

    class Meta(OfDay.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["closed_day", "account", "platform", "model"], name="day_cost_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.model}: {self.attempts}"
