"""What the hub's own `manage.py` commands have in common."""

from django.core.management.base import BaseCommand


class HubCommand(BaseCommand):
    """A command that begins at once: `manage.py check` looks at the release, for which it imports every page."""

    requires_system_checks: list[str] = []
