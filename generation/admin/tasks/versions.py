"""Two versions of a template side by side: their words, and what staff had drawn by each."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path, reverse
from django.utils.translation import gettext

from generation.admin.words import list_pictures
from generation.selectors.versions import find_pictures
from genhub.admin.base import HubAdmin
from genhub.admin.pages import show
from genhub.lib.ids import read_id
from templates.admin.difference import compare
from templates.admin.words import version_badge, version_page
from templates.selectors import find_version

NAME = "generation_task_versions"
# So many can be chosen from, the newest ones.
MOST_OFFERED = 100


class VersionsPage(HubAdmin):
    """The part of the tasks' pages that shows two versions side by side."""

    def get_urls(self) -> list[Any]:
        """Add the address of the page, before that of a task of this name."""
        view = self.admin_site.admin_view(self.compare_versions)
        return [path("versions/", view, name=NAME), *super().get_urls()]

    def compare_versions(self, request: HttpRequest) -> HttpResponse:
        """Show the versions `left` and `right` of an address; they are of one template."""
        if not request.user.has_perm("templates.view_templateversion"):
            raise PermissionDenied
        left, right = (read_version(request.GET.get(side, "")) for side in ("left", "right"))
        if left.template_id != right.template_id:
            raise Http404
        template = right.template
        # Pictures are of tasks: who may not see those compares words alone.
        may_see = self.has_view_permission(request)
        sides = [
            {
                "side": side,
                "version": version,
                "link": version_page(version),
                "state": version_badge(version, template),
                "pictures": list_pictures(find_pictures(version.pk)) if may_see else [],
            }
            for side, version in (("left", left), ("right", right))
        ]
        words = {
            "title": gettext("Versions of %(template)s side by side") % {"template": template},
            "sides": sides,
            "rows": compare(left, right),
            "offered": template.versions.order_by("-number")[:MOST_OFFERED],
            "back": reverse("admin:templates_template_change", args=[template.pk]),
        }
        return show(self, request, "admin/templates/versions.html", **words)


def read_version(text: str) -> Any:
    """Return the version of an id, or raise Http404."""
    version_id = read_id(text)
    version = find_version(version_id) if version_id else None
    if version is None:
        raise Http404
    return version
