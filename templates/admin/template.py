"""Pages of templates: which version is ordered, and all versions there ever were."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.views import ChangeList

from genhub.admin.base import HubAdmin
from genhub.admin.breakage import word_mistakes
from genhub.admin.pages import Question, ask
from genhub.admin.show import badge, link, moment, shown_once, table
from genhub.lib import remembered
from genhub.lib.once import reading_once
from templates.admin.exchange import ExchangePage
from templates.admin.words import version_badge, version_page, word_platforms, word_price
from templates.models import Template, TemplateVersion
from templates.services import create_template, draft_next, find_mistakes
from templates.usage import Usage, find_usage

MOST_SHOWN = 200
# Of so many versions, the newest ones, it is told how they are used.
MOST_USED = 8


class TemplateList(ChangeList):
    """A page of templates, which are tried together: what they lean on is read once for all of them."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        """Read the page, and find out which of its templates can be ordered."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        with reading_once(), remembered.together():
            for template in self.result_list:
                self.model_admin.orders(template)


@admin.register(Template)
class TemplateAdmin(ExchangePage, HubAdmin):
    """Recipes that apps order by their code."""

    list_display = ("code", "name", "category", "version", "price", "orders", "draft", "is_active")
    list_filter = ("is_active", "local_only", "published__category")
    list_select_related = ("published",)
    search_fields = ("code", "published__name", "published__category")
    add_fieldsets = ((None, {"fields": ("code",)}),)
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "code",
                    "name",
                    "version",
                    "orders",
                    "open_to",
                    "is_active",
                    "local_only",
                    "created_at",
                )
            },
        ),
    )
    readonly_fields = ("name", "version", "orders", "open_to", "created_at")
    actions_detail = ("draft_new", "export_one")
    actions_list = ("export_all", "import_file")

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[TemplateList]:
        """Try the templates of a page together."""
        return TemplateList

    def get_queryset(self, request: HttpRequest) -> QuerySet[Template]:
        """Return the templates, each with whether it has a draft."""
        drafts = TemplateVersion.objects.filter(template=OuterRef("pk"), published_at=None)
        rows: QuerySet[Template] = super().get_queryset(request)
        return rows.annotate(has_draft=Exists(drafts))

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix the code once it is known to others."""
        return (*self.readonly_fields, "code") if obj else self.readonly_fields

    def has_draft_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow those who may change versions."""
        return bool(request.user.has_perm("templates.change_templateversion"))

    def save_model(
        self,
        request: HttpRequest,
        obj: Any,
        form: Any,
        change: bool,  # noqa: FBT001
    ) -> None:
        """Create a template together with its first draft."""
        if change:
            super().save_model(request, obj, form, change)
        else:
            obj.pk = create_template(obj.code, name=obj.code).template_id

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: Any = None
    ) -> HttpResponse:
        """Go on to the first draft."""
        return HttpResponseRedirect(version_page(draft_next(obj)))

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show a template with its versions."""
        template = self.find_object(request, object_id)
        words = {"sections": [(_("Versions, newest first"), versions_table(template))]}
        return super().change_view(request, object_id, form_url, words | (extra_context or {}))

    @action(
        description=_("Draft a new version"),
        permissions=["draft"],
        icon="edit_note",
        variant=ActionVariant.PRIMARY,
    )
    def draft_new(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then go to the template's draft, made from its newest version when there is none."""
        template = self.find_object(request, object_id)
        if template.has_draft or request.method == "POST":
            if not template.has_draft:
                self.log_change(request, template, gettext("Began a new version."))
            return HttpResponseRedirect(version_page(draft_next(template)))
        question = Question(
            title=gettext("Begin a new version of %(template)s?") % {"template": template},
            intro=gettext(
                "A draft is made from the newest version. Apps go on ordering the published one until you publish the draft."
            ),
            submit=gettext("Begin the draft"),
            back=reverse("admin:templates_template_change", args=[quote(template.pk)]),
        )
        return ask(self, request, question, about=template)

    @display(description=_("name"))
    def name(self, template: Template) -> str:
        """Show the published name."""
        return template.published.name if template.published else "–"

    @display(description=_("category"))
    def category(self, template: Template) -> str:
        """Show the published category."""
        return (template.published.category if template.published else "") or "–"

    @display(description=_("published version"))
    def version(self, template: Template) -> SafeString | str:
        """Show which version is ordered."""
        if template.published is None:
            return badge(_("not published"), "warning")
        return f"v{template.published.number}"

    @display(description=_("price"))
    def price(self, template: Template) -> str:
        """Show the price of one picture."""
        return word_price(template.published) if template.published else "–"

    @display(description=_("who may order it"))
    def open_to(self, template: Template) -> str:
        """Show whom the published version is for."""
        return word_platforms(template.published) if template.published else "–"

    @display(description=_("orders"))
    @shown_once
    def orders(self, template: Template) -> SafeString | str:
        """Show whether it can be ordered, and if not, why: what it leans on may have changed since it was published."""
        if template.published is None or not template.is_active:
            return "–"
        template.published.template = template
        with remembered.together():
            mistakes = find_mistakes(template.published)
        if not mistakes:
            return badge(_("can be ordered"), "success")
        refused = badge(_("cannot be ordered"), "danger")
        return format_html('{}<div class="hub-note">{}</div>', refused, word_mistakes(mistakes))

    @display(description=_("draft"))
    def draft(self, template: Any) -> SafeString | str:
        """Show whether a draft waits."""
        return badge(_("draft"), "info") if template.has_draft else "–"


def versions_table(template: Template) -> SafeString:
    """Return the versions of a template, newest first, with what became of the latest orders of the newest ones."""
    versions = list(template.versions.order_by("-number")[:MOST_SHOWN])
    usage = find_usage([version.pk for version in versions[:MOST_USED] if version.published_at])
    headers = [
        _("version"), _("state"), _("what changed"), _("price"), _("orders"), _("success"), _("refunded"),
        _("published at"), _("published by"), "",
    ]  # fmt: skip
    olders = [*versions[1:], None]
    rows = [
        [
            link("templates_templateversion", version.pk, f"v{version.number}"),
            version_badge(version, template),
            version.note or "–",
            word_price(version),
            *word_usage(usage.get(version.pk)),
            moment(version.published_at),
            version.published_by or "–",
            compare_link(older, version) if older else "",
        ]
        for version, older in zip(versions, olders, strict=True)
    ]
    return table(headers, rows)


def word_usage(usage: Usage | None) -> tuple[str, str, str]:
    """Return how many orders of a version were looked at, how many of those that ended were made, and how many were
    refunded."""
    if usage is None:
        return "–", "–", "–"
    orders = gettext("the latest %(number)s") if usage.is_more else "%(number)s"
    success = f"{usage.completed / usage.ended:.0%}" if usage.ended else "–"
    refunded = f"{usage.refunded / usage.completed:.0%}" if usage.completed else "–"
    return orders % {"number": usage.orders}, success, refunded


def compare_link(older: TemplateVersion, version: TemplateVersion) -> SafeString:
    """Return a link to the page that shows two versions side by side."""
    page = reverse("admin:generation_task_versions")
    words = urlencode({"left": older.pk, "right": version.pk})
    text = gettext("compare with v%(number)s") % {"number": older.number}
    return format_html('<a class="text-link" href="{}?{}">{}</a>', page, words, text)
