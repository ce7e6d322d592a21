"""Pages of stored pictures: to look at, never to change."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.customers import customer_link
from genhub.admin.forms import write_json
from genhub.admin.lightbox import Enlarged
from genhub.admin.pages import on_this_site
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import code, moment, shown_once
from storage.models import SHOWN, Artifact, Edit
from storage.orphans_admin import OrphanReportAdmin  # noqa: F401 (found by import)
from storage.selectors import sign_download, sign_link, sign_poster
from storage.take_down_admin import TakeDownAdmin  # noqa: F401 (found by import)
from storage.usage_admin import StorageUseAdmin  # noqa: F401 (found by import)


@admin.register(Artifact)
class ArtifactAdmin(ReadOnlyAdmin):
    """Stored pictures, newest first."""

    list_display = ("thumbnail", "user", "platform_shown", "pixels", "size", "time")
    list_display_links = ("thumbnail",)
    list_filter = ("platform", "created_at")
    list_select_related = ("platform",)
    search_fields = ("user",)
    search_help_text = _("Search by user, or paste the id of an artifact.")
    ordering = ("-id",)
    paginator = InfinitePaginator
    # By another column all rows would be read.
    sortable_by = ("thumbnail", "time")
    show_full_result_count = False
    list_per_page = 24
    actions_detail = ("take_down",)
    change_form_outer_before_template = "admin/hub/lightbox.html"
    fieldsets = (
        (None, {"fields": ("picture", "wire_id", "owner", "time")}),
        (_("File"), {"fields": ("pixels", "size", "content_type", "sha256_shown", "key_shown")}),
        (_("Edits"), {"fields": ("operations_shown",)}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Artifact]:
        """Leave out what is deleted, and what is withheld: it has a desk of its own, and a right."""
        rows: QuerySet[Artifact] = super().get_queryset(request)
        return rows.filter(SHOWN)

    @display(description=_("artifact"), header=True, ordering="id")
    def thumbnail(self, artifact: Artifact) -> list[Any]:
        """Show the thumbnail and the id."""
        image = {
            "path": on_this_site(sign_link(artifact, thumbnail=True)),
            "squared": True,
            "width": 56,
            "height": 56,
        }
        return [code(artifact), "", "", image]

    @display(description=_("picture"))
    def picture(self, artifact: Artifact) -> SafeString:
        """Show the picture itself; the link is good for a few minutes."""
        address = on_this_site(sign_link(artifact))
        if artifact.is_clip:
            poster = on_this_site(sign_poster(artifact))
            html = (
                '<video src="{}" poster="{}" controls preload="metadata" class="hub-clip"></video>'
            )
            return format_html(html, address, poster)
        download = on_this_site(sign_download(artifact))
        return Enlarged(str(artifact.pk), address, address, download).draw()

    @display(description=_("id"))
    def wire_id(self, artifact: Artifact) -> SafeString:
        """Show the id as apps see it."""
        return code(artifact)

    @display(description=_("user"))
    def owner(self, artifact: Artifact) -> SafeString:
        """Lead to all else that is known of its owner."""
        return customer_link(artifact)

    def has_take_down_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who hold the right."""
        return bool(request.user.has_perm("storage.take_down_pictures"))

    @action(
        description=_("Take down"), permissions=["take_down"], icon="hide_image",
        variant=ActionVariant.DANGER,
    )  # fmt: skip
    def take_down(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Lead to where it is asked why."""
        artifact = self.find_object(request, object_id)
        return HttpResponseRedirect(reverse("admin:generation_task_take_down", args=[artifact.pk]))

    @display(description=_("platform"), ordering="platform")
    def platform_shown(self, artifact: Artifact) -> str:
        """Show whose user it belongs to."""
        return str(artifact.platform)

    @display(description=_("pixels"))
    def pixels(self, artifact: Artifact) -> str:
        """Show width and height."""
        return f"{artifact.width} × {artifact.height}"

    @display(description=_("size"), ordering="size_bytes")
    def size(self, artifact: Artifact) -> str:
        """Show the file's size in a unit that people read."""
        return filesizeformat(artifact.size_bytes)

    @display(description="SHA-256")
    def sha256_shown(self, artifact: Artifact) -> SafeString:
        """Show the checksum."""
        return code(artifact.sha256)

    @display(description=_("key"))
    def key_shown(self, artifact: Artifact) -> SafeString:
        """Show where the file lies in the store."""
        return code(artifact.key)

    @display(description=_("operations"))
    @shown_once
    def operations_shown(self, artifact: Artifact) -> SafeString | str:
        """Show what was done with it, by an edit or by its template, as it was said."""
        edit = Edit.objects.filter(pk=artifact.pk).first()
        return (
            format_html('<pre class="hub-code">{}</pre>', write_json(edit.operations))
            if edit
            else "–"
        )

    @display(description=_("time"), ordering="id")
    def time(self, artifact: Artifact) -> str:
        """Show when it was stored, to the second."""
        return moment(artifact.created_at)
