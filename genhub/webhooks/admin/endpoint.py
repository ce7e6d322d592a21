"""Pages of webhook endpoints. A secret is shown once, on the page that answers its making."""

from collections.abc import Callable
from functools import partial
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from genhub.admin.base import HubAdmin
from genhub.admin.pages import Question, ask, show, word, word_fields
from genhub.admin.show import badge, pairs
from genhub.lib.errors import InvalidRequest, Problem
from genhub.webhooks import endpoints, replays
from genhub.webhooks.admin.delivery import deliveries_table
from genhub.webhooks.models import USUAL, Endpoint, EventType

OF_ORDERS = _("addresses that orders name")


class EndpointForm(forms.ModelForm):  # type: ignore[type-arg]
    """Where a platform is told, and of what."""

    events = forms.MultipleChoiceField(
        label=_("Events"),
        choices=EventType.choices,
        initial=[str(event) for event in USUAL],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = Endpoint
        fields = ("platform", "url", "description", "events", "is_enabled")
        help_texts = {
            "url": _("https://, on the public internet. Empty: it signs the calls to addresses that orders name."),
            "is_enabled": _("On again, what was held waits until it is sent again."),
        }  # fmt: skip

    def clean(self) -> dict[str, Any] | None:
        """Refuse what the API refuses."""
        words = super().clean() or {}
        url, platform = words.get("url", ""), words.get("platform")
        try:
            if self.instance._state.adding:  # noqa: SLF001 (Django's own name)
                if platform:
                    endpoints.check_new(platform.pk, url)
                    endpoints.seal_secret("a trial")
            elif "url" in self.fields:
                endpoints.check_changed(Endpoint.objects.get(pk=self.instance.pk), url)
        except InvalidRequest as problem:
            raise ValidationError(word_fields(problem)) from problem
        except Problem as problem:
            raise ValidationError(word(problem)) from problem
        return words


@admin.register(Endpoint)
class EndpointAdmin(HubAdmin):
    """Endpoints, how they stand, and the newest of what was sent there."""

    form = EndpointForm
    list_display = ("address", "platform", "events_shown", "state", "failures", "created_at")
    list_filter = ("platform", "is_enabled", "disabled_why")
    list_select_related = ("platform",)
    search_fields = ("url", "description")
    add_fieldsets = ((None, {"fields": ("platform", "url", "description", "events")}),)
    fieldsets = (
        (None, {"fields": ("platform", "url", "description", "events", "is_enabled")}),
        (_("State"), {"fields": ("state", "disabled_at", "failures", "failing_since")}),
        (_("Times"), {"fields": ("created_at", "previous_until")}),
    )
    readonly_fields = (
        "state", "disabled_at", "failures", "failing_since", "created_at", "previous_until"
    )  # fmt: skip
    actions_detail = ("send_test", "replay_lost", "rotate")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Endpoint]:
        """Return the endpoints that there are."""
        rows: QuerySet[Endpoint] = super().get_queryset(request)
        return rows.filter(removed_at=None)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix whose it is; one without an address never gets one."""
        fixed = ("platform",) if obj and obj.url else ("platform", "url")
        return (*self.readonly_fields, *fixed) if obj else self.readonly_fields

    def has_rotate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow whoever may hand out secrets."""
        return bool(request.user.has_perm("webhooks.rotate_secret"))

    def has_replay_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow whoever may send webhooks."""
        return bool(request.user.has_perm("webhooks.replay_delivery"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Make or change it as the API does."""
        words = form.cleaned_data
        if change:
            endpoints.change(obj.pk, **{name: words[name] for name in form.changed_data})
            return
        row, obj.shown_secret = endpoints.create(
            words["platform"].pk,
            url=words["url"],
            events=words["events"],
            description=words["description"],
        )
        obj.pk = row.pk

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Offer one way to save a new one: its secret is shown on the page that follows."""
        if context.get("add"):
            context["show_save_and_continue"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: Any = None
    ) -> HttpResponse:
        """Answer with the secret itself: no redirect, since that would have to keep it somewhere."""
        return self.show_secret(request, obj, obj.shown_secret)

    def show_secret(self, request: HttpRequest, row: Endpoint, secret: str) -> HttpResponse:
        """Show a secret, this once."""
        intro = gettext(
            "Copy the secret now and hand it to the app's developer: it proves that a webhook is the hub's. It is shown "
            "this once."
        )
        facts = {gettext("Platform"): row.platform, gettext("Address"): row.url or OF_ORDERS}
        return show(
            self,
            request,
            "admin/hub/shown_once.html",
            title=gettext("New webhook secret"),
            intro=intro,
            label=gettext("Webhook secret"),
            key=secret,
            facts=pairs(facts),
            back=page_of(row),
        )

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> Any:
        """Show an endpoint with the newest deliveries, for those who may see them."""
        sections = []
        if request.user.has_perm("webhooks.view_delivery"):
            row = self.find_object(request, object_id)
            sections = [(_("Newest deliveries"), deliveries_table(row))]
        words = {"sections": sections} | (extra_context or {})
        return super().change_view(request, object_id, form_url, words)

    @action(
        description=_("Send a test"), permissions=["replay"], icon="network_check",
        variant=ActionVariant.PRIMARY,
    )  # fmt: skip
    def send_test(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then send a message that tells of nothing."""
        row = self.find_object(request, object_id)
        question = Question(
            title=gettext("Send a test event?"),
            intro=gettext("One message of the type webhook.test, signed as all are; it is not repeated."),
            facts={gettext("Address"): row.url or OF_ORDERS},
            submit=gettext("Send it"),
            back=page_of(row),
        )  # fmt: skip
        return self.act_once_asked(request, row, question, partial(replays.send_test, row))

    @action(description=_("Send lost ones again"), permissions=["replay"], icon="replay")
    def replay_lost(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then send all that failed or was held again."""
        row = self.find_object(request, object_id)
        lost = row.deliveries.filter(state__in=replays.LOST)
        question = Question(
            title=gettext("Send lost webhooks again?"),
            intro=gettext("All that failed or was held, under the ids that they have: a receiver that had one knows it."),
            facts={gettext("Address"): row.url or OF_ORDERS, gettext("Deliveries"): lost.count()},
            submit=gettext("Send them again"),
            back=page_of(row),
        )  # fmt: skip
        again = partial(
            replays.replay_range, row, since=row.created_at, until=None, states=replays.LOST
        )
        return self.act_once_asked(request, row, question, again)

    @action(
        description=_("New secret"), permissions=["rotate"], icon="key", variant=ActionVariant.WARNING
    )  # fmt: skip
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then give it a new secret and show that."""
        row = self.find_object(request, object_id)
        question = Question(
            title=gettext("Give this endpoint a new secret?"),
            intro=gettext("For 24 hours both sign: the receiver changes to the new one meanwhile."),
            facts={gettext("Address"): row.url or OF_ORDERS},
            submit=gettext("Make a new secret"),
            back=page_of(row),
        )
        if request.method != "POST":
            return ask(self, request, question, about=row)
        try:
            secret = endpoints.rotate(row.pk)
        except Problem as problem:
            messages.error(request, word(problem))
            return HttpResponseRedirect(page_of(row))
        self.log_change(request, row, gettext("Given a new secret."))
        return self.show_secret(request, row, secret)

    def act_once_asked(
        self, request: HttpRequest, row: Endpoint, question: Question, act: Callable[[], object]
    ) -> HttpResponse:
        """Ask; do it when it was confirmed, or say why not."""
        if request.method != "POST":
            return ask(self, request, question, about=row)
        try:
            what = act()
        except Problem as problem:
            messages.error(request, word(problem))
        else:
            self.log_change(request, row, f"{question.title} {what}")
            messages.success(
                request, gettext("On its way; the table below shows what comes of it.")
            )
        return HttpResponseRedirect(page_of(row))

    @display(description=_("address"), ordering="url")
    def address(self, row: Endpoint) -> Any:
        """Show where it leads."""
        return row.url or OF_ORDERS

    @display(description=_("events"))
    def events_shown(self, row: Endpoint) -> str:
        """Show what it asks for."""
        return ", ".join(row.events)

    @display(description=_("state"), ordering="is_enabled")
    def state(self, row: Endpoint) -> SafeString:
        """Show whether it is told, and why not."""
        if not row.is_enabled:
            wanted = row.disabled_why == Endpoint.Why.ASKED
            return badge(row.get_disabled_why_display(), "warning" if wanted else "danger")
        return badge(_("fails"), "warning") if row.failures else badge(_("active"), "success")


def page_of(row: Endpoint) -> str:
    """Return the address of an endpoint's page."""
    return reverse("admin:webhooks_endpoint_change", args=[quote(row.pk)])
