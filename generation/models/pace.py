"""How long pictures take of late: running figures that the end of each attempt moves on."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now


class Pace(models.Model):
    """Seconds a picture of one kind at one provider, by a mean that forgets what is old."""

    account = models.ForeignKey(
        "generation.Account", models.CASCADE, related_name="+", db_column="provider_id"
    )
    model = models.CharField(max_length=100)
    # The power of two that is nearest to the pixels: sizes that take about as long are one kind.
    size = models.PositiveSmallIntegerField()
    # 0: the vendor decides.
    steps = models.PositiveSmallIntegerField()
    # From its claim to its end.
    seconds = models.FloatField()
    # Of that, how long a worker was kept busy: none where the vendor was only asked from time to time.
    busy_seconds = models.FloatField()
    # How many pictures the mean is of, old ones counted less.
    weight = models.FloatField()
    updated_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["account", "model", "size", "steps"], name="pace_of_kind"
            ),
            models.CheckConstraint(
                condition=Q(seconds__gte=0, busy_seconds__gte=0, weight__gt=0),
                name="pace_is_a_mean",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} 2^{self.size} × {self.steps}: {self.seconds:.2f} s"
