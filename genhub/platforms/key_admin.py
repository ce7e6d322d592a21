"""Pages of API keys. A key is shown once, on the page that answers its making."""

from datetime import timedelta
from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from genhub.admin.base import HubAdmin
from genhub.admin.pages import Question, ask, show
from genhub.admin.show import badge, code, moment, pairs
from genhub.platforms.key_forms import ApiKeyForm, KeyLimitsForm, RotateForm
from genhub.platforms.models import ApiKey, Scope
from genhub.platforms.rates import Rate, limits_of
from genhub.platforms.rotation import rotate

FACTS = ("prefix_shown", "state", "platform", "name", "user_shown", "scopes_shown")
LIMITS = ("networks", "reads_per_minute", "writes_per_minute")
TIMES = ("created_at", "last_used_at", "previous_until", "revoked_at")


@admin.register(ApiKey)
class ApiKeyAdmin(HubAdmin):
    """API keys: shown once; what they may do never changes, how much and from where may."""

    form = ApiKeyForm
    list_display = (
        "prefix_shown",
        "name",
        "platform",
        "user_shown",
        "state",
        "last_used_at",
        "created_at",
    )
    list_filter = ("platform", "local_only")
    list_select_related = ("platform",)
    search_fields = ("prefix", "name", "user")
    add_fieldsets = ((None, {"fields": ApiKeyForm.Meta.fields}),)
    fieldsets = (
        (None, {"fields": (*FACTS, "local_only")}),
        (_("Limits"), {"fields": (*LIMITS, "rates_shown")}),
        (_("Times"), {"fields": ("expires_at", *TIMES)}),
    )
    actions_detail = ("rotate", "revoke")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """Return the keys, each with whether its time is over."""
        return mark_expired(super().get_queryset(request))

    def get_form(self, request: HttpRequest, obj: Any = None, *args: Any, **words: Any) -> Any:
        """Return the form of a new key, or that of one's limits: no key's rights change behind its holder's back."""
        form = KeyLimitsForm if obj else ApiKeyForm
        return super().get_form(request, obj, *args, **{"form": form, **words})

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Fix all but the limits."""
        return (*FACTS, "local_only", "rates_shown", *TIMES) if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse for a key that was revoked: that cannot be undone."""
        return (obj is None or not obj.revoked_at) and super().has_change_permission(request, obj)

    def has_rotate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow whoever may hand out secrets."""
        return bool(request.user.has_perm("platforms.rotate_apikey"))

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow whoever may change keys."""
        return bool(request.user.has_perm("platforms.change_apikey"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Issue the key, or change its limits."""
        if change:
            super().save_model(request, obj, form, change)
            return
        row, obj.shown_key = ApiKey.objects.issue(**form.cleaned_data)
        obj.pk, obj.prefix = row.pk, row.prefix

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Offer one way to save a new one: the key is shown on the page that follows."""
        if context.get("add"):
            context["show_save_and_continue"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: Any = None
    ) -> HttpResponse:
        """Answer with the key itself: no redirect, since that would have to keep the key somewhere."""
        return self.show_key(request, obj, obj.shown_key, title=gettext("New API key"))

    def show_key(self, request: HttpRequest, row: Any, key: str, *, title: str) -> HttpResponse:
        """Show a key, this once."""
        intro = gettext(
            "Copy the key now and hand it to the app's developer. It is shown this once: the hub keeps only a hash of it, "
            "and nobody can show it again."
        )
        facts = {
            gettext("Name"): row.name,
            gettext("Platform"): row.platform,
            gettext("User"): row.user or gettext("all users"),
            gettext("Header"): code(f"Authorization: Bearer {row.prefix}.…"),
        }
        return show(
            self,
            request,
            "admin/hub/shown_once.html",
            title=title,
            intro=intro,
            label=gettext("API key"),
            key=key,
            facts=pairs(facts),
            back=page_of(row),
        )

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer something for what is not revoked yet."""
        key = self.get_object(request, object_id)
        return (
            [] if key is None or key.revoked_at else super().get_actions_detail(request, object_id)
        )

    @action(
        description=_("Change the secret"), permissions=["rotate"], icon="key", variant=ActionVariant.WARNING
    )  # fmt: skip
    def rotate(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask for how long the earlier secret works on, then make a new one and show it."""
        key = self.find_object(request, object_id)
        if key.revoked_at:
            return HttpResponseRedirect(page_of(key))
        form = RotateForm(request.POST or None)
        if form.is_valid():
            hours = form.cleaned_data["hours"]
            row, secret = rotate(key.pk, overlap=timedelta(hours=hours))
            note = gettext("Given a new secret; the earlier one works for %(hours)s more hours.")
            self.log_change(request, row, note % {"hours": hours})
            return self.show_key(request, row, secret, title=gettext("New secret of an API key"))
        question = Question(
            title=gettext("Give this API key a new secret?"),
            intro=gettext(
                "Its rights, limits and budgets stay. Apps change to the new secret while the earlier one still works; one "
                "from an earlier change ends now."
            ),
            facts=self.describe(key),
            form=form,
            submit=gettext("Change the secret"),
            back=page_of(key),
        )
        return ask(self, request, question, about=key)

    @action(
        description=_("Revoke"), permissions=["revoke"], icon="block", variant=ActionVariant.DANGER
    )
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then end the key for good."""
        key = self.find_object(request, object_id)
        back = page_of(key)
        if request.method == "POST":
            key.revoke()
            self.log_change(request, key, gettext("Revoked."))
            messages.success(
                request, gettext("The key was revoked; requests with it are refused from now on.")
            )
            return HttpResponseRedirect(back)
        question = Question(
            title=gettext("Revoke this API key?"),
            intro=gettext("Apps that use it are refused at once. This cannot be undone."),
            facts=self.describe(key),
            submit=gettext("Revoke the key"),
            back=back,
            is_dangerous=True,
        )
        return ask(self, request, question, about=key)

    def describe(self, key: ApiKey) -> dict[str, Any]:
        """Return what a key is, for whoever decides about it."""
        return {
            gettext("Key"): code(f"{key.prefix}…"),
            gettext("Name"): key.name,
            gettext("Platform"): key.platform,
            gettext("User"): self.user_shown(key),
            gettext("Last used"): moment(key.last_used_at),
        }

    @display(description=_("requests a minute"))
    def rates_shown(self, key: ApiKey) -> str:
        """Show what is in force, wherever it comes from."""
        limits = limits_of(key)
        words = {"reads": limits[Rate.READS] or "∞", "writes": limits[Rate.WRITES] or "∞"}
        return gettext("in force: %(reads)s reads, %(writes)s writes") % words

    @display(description=_("API key"), ordering="prefix")
    def prefix_shown(self, key: ApiKey) -> SafeString:
        """Show the public part."""
        return code(f"{key.prefix}…")

    @display(description=_("user"), ordering="user")
    def user_shown(self, key: ApiKey) -> str:
        """Show for whom the key speaks."""
        return key.user or gettext("all users")

    @display(description=_("scopes"))
    def scopes_shown(self, key: ApiKey) -> str:
        """Show what the key may do, in words."""
        return ", ".join(str(Scope(scope).label) for scope in key.scopes)

    @display(description=_("state"))
    def state(self, key: Any) -> SafeString:
        """Show whether the key works."""
        return state_badge(key)


def page_of(key: Any) -> str:
    """Return the address of a key's page."""
    return reverse("admin:platforms_apikey_change", args=[quote(key.pk)])


def mark_expired(keys: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
    """Return keys with `is_expired`, judged by the database's clock."""
    is_expired = ExpressionWrapper(Q(expires_at__lte=Now()), output_field=BooleanField())
    return keys.annotate(is_expired=is_expired)


def state_badge(key: Any) -> SafeString:
    """Return whether a marked key works, as a coloured word."""
    if key.revoked_at:
        return badge(_("revoked"), "danger")
    return badge(_("expired"), "warning") if key.is_expired else badge(_("active"), "success")
