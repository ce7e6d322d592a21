"""App config of Django's admin: its pages are imported by those who serve them alone.

They are a third of what `django.setup` takes, and workers, loops and commands show none.
"""

from typing import Any

from django.contrib import admin
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class PagesConfig(SimpleAdminConfig):
    """The admin; `genhub.urls` imports its pages."""

    default_site = "genhub.admin.site.HubAdminSite"

    def ready(self) -> None:
        """Check the pages where something is checked."""
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_pages, checks.Tags.admin)


def check_pages(app_configs: Any, **words: Any) -> list[checks.CheckMessage]:
    """Return the mistakes of all pages."""
    admin.autodiscover()
    return check_admin_app(app_configs, **words)
