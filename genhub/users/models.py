"""Our own user model from the first migration, so that it can grow without a rewrite."""

from django.contrib.auth.models import AbstractUser, Group, Permission
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from genhub.lib.zones import validate_time_zone


class User(AbstractUser):
    """A member of staff who signs in to the admin."""

    # Empty: the hub's.
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, default="", db_default="", validators=[validate_time_zone]
    )  # fmt: skip

    class Meta(AbstractUser.Meta):
        permissions = [
            ("reset_second_step", _("Can reset others' second step of signing in")),
            ("end_sessions", _("Can see and end others' sessions")),
        ]


class SecondStep(models.Model):
    """The phone whose codes a member of staff is asked for after the password. Another phone is another row, so that a
    session which took the step of the one before has not taken this."""

    user = models.OneToOneField(User, models.CASCADE, related_name="second_step")
    # Its key in hexadecimal digits, as `genhub.lib.sealing` seals.
    sealed = models.TextField()
    # The number, since 1970, of the 30 seconds of the last code that was taken: no code up to then counts.
    last_taken = models.BigIntegerField(default=-1, db_default=-1)
    set_up_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"second step of {self.user}"


class RecoveryCode(models.Model):
    """A code that stands for the phone once, and is gone then: the hub keeps its SHA-256 alone."""

    step = models.ForeignKey(SecondStep, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["step", "digest"], name="recovery_code_once")
        ]

    def __str__(self) -> str:
        return f"recovery code {self.pk}"


class StaffSession(models.Model):
    """Of whom a session of Django's is, and where it was begun: nobody could look for either in its own table."""

    user = models.ForeignKey(User, models.CASCADE, related_name="staff_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    begun_at = models.DateTimeField(db_default=Now())
    address = models.CharField(max_length=100, blank=True)
    # What the browser says of itself, its beginning.
    browser = models.CharField(max_length=300, blank=True)

    class Meta:
        indexes = [models.Index(fields=["begun_at"], name="staff_session_by_age")]

    def __str__(self) -> str:
        return f"session {self.pk} of {self.user}"


class Identity(models.Model):
    """Who a member of staff is at the provider of single sign-on, since they first came from there."""

    user = models.OneToOneField(User, models.CASCADE, related_name="identity")
    issuer = models.CharField(max_length=500)
    subject = models.CharField(max_length=255)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["issuer", "subject"], name="identity_once")]

    def __str__(self) -> str:
        return f"{self.subject} at {self.issuer}"


class ShippedRight(models.Model):
    """A right that a shipped role was given once: it is not given again to a role from which staff took it."""

    # Empty: of no role, but the newest there was when the roles were given theirs.
    group = models.ForeignKey(Group, models.CASCADE, related_name="shipped_rights", null=True)
    permission = models.ForeignKey(Permission, models.CASCADE, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["group", "permission"], name="shipped_right_once")
        ]

    def __str__(self) -> str:
        return f"{self.permission_id} of {self.group_id}"
