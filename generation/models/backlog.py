"""Counters kept by triggers, since an order or a page must not count rows: pictures under way, and tasks."""

from django.db import models
from django.db.models import Q


class UserBacklog(models.Model):
    """Pictures of a user's orders that have not ended."""

    platform = models.ForeignKey("platforms.Platform", models.CASCADE, related_name="+")
    user = models.CharField(max_length=200)
    pictures = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform", "user"], name="backlog_of_user"),
            models.CheckConstraint(condition=Q(pictures__gte=0), name="user_backlog_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.pictures}"


class PlatformBacklog(models.Model):
    """Pictures under way of a part of a platform's users: in parts, so that its users do not queue for one row."""

    platform = models.ForeignKey("platforms.Platform", models.CASCADE, related_name="+")
    part = models.PositiveSmallIntegerField()
    pictures = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform", "part"], name="backlog_of_platform"),
            models.CheckConstraint(
                condition=Q(pictures__gte=0), name="platform_backlog_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.platform} [{self.part}]: {self.pictures}"


class TaskCount(models.Model):
    """How many tasks a user has, kept by a trigger: a page's total must not count rows."""

    platform = models.ForeignKey("platforms.Platform", models.CASCADE, related_name="+")
    user = models.CharField(max_length=200)
    total = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["platform", "user"], name="task_count_of_user")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.total}"
