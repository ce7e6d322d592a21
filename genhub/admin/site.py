"""The admin's site: unfold's, which asks for less on each page."""

from functools import partial
from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite


class HubAdminSite(UnfoldAdminSite):
    """The site of all pages."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Return all applications and their models, once a template wants them: the menu is one of its own, so most
        pages never do, and to find them takes a sixth of a page's time."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))
