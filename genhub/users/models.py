"""Our own user model from the first migration, so that it can grow without a rewrite."""

from django.contrib.auth.models import AbstractUser


class User(AbstractUser):
    """A member of staff who signs in to the admin."""
