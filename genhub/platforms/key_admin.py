"""Pages of API keys. A key is shown once, on the page that answers its making."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.core.validators import RegexValidator
from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminTextInputWidget

from genhub.admin.base import HubAdmin
from genhub.admin.pages import Question, ask, show
from genhub.admin.show import badge, code, moment, pairs
from genhub.platforms.models import ApiKey, Scope, usual_scopes


class ApiKeyForm(forms.ModelForm):  # type: ignore[type-arg]
    """What a new key is for."""

    # Letter for letter: the API compares names so, and a key for “alice ” must not speak for “alice”.
    user = forms.CharField(
        label=_("User"),
        max_length=200,
        required=False,
        strip=False,
        validators=[RegexValidator(r"\S", _("A name is not blank."))],
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Empty: the key speaks for all users."),
    )
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=Scope.choices,
        initial=usual_scopes,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    class Meta:
        model = ApiKey
        fields = ("platform", "name", "user", "scopes", "local_only", "expires_at")
        help_texts = {
            "name": _("Where it will be used, such as “mobile app, production”."),
            "expires_at": _("Empty: it works until it is revoked."),
        }


@admin.register(ApiKey)
class ApiKeyAdmin(HubAdmin):
    """API keys: made once, shown once, then only revoked."""

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
        (
            None,
            {
                "fields": (
                    "prefix_shown",
                    "state",
                    "platform",
                    "name",
                    "user_shown",
                    "scopes_shown",
                    "local_only",
                )
            },
        ),
        (_("Times"), {"fields": ("created_at", "last_used_at", "expires_at", "revoked_at")}),
    )
    actions_detail = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiKey]:
        """Return the keys, each with whether its time is over."""
        return mark_expired(super().get_queryset(request))

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: a key's rights never change behind its holder's back; it is revoked and another is made."""
        return False

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow whoever may change keys: revoking is the one change there is."""
        return bool(request.user.has_perm("platforms.change_apikey"))

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:  # noqa: FBT001
        """Issue the key."""
        words = form.cleaned_data
        row, obj.shown_key = ApiKey.objects.issue(
            words["platform"],
            name=words["name"],
            user=words["user"],
            scopes=words["scopes"],
            local_only=words["local_only"],
            expires_at=words["expires_at"],
        )
        obj.pk, obj.prefix = row.pk, row.prefix

    def render_change_form(
        self, request: HttpRequest, context: Any, *args: Any, **kwargs: Any
    ) -> Any:
        """Offer one way to save: the key is shown on the page that follows."""
        context["show_save_and_continue"] = False
        return super().render_change_form(request, context, *args, **kwargs)

    def response_add(
        self, request: HttpRequest, obj: Any, post_url_continue: Any = None
    ) -> HttpResponse:
        """Answer with the key itself: no redirect, since that would have to keep the key somewhere."""
        intro = gettext(
            "Copy the key now and hand it to the app's developer. It is shown this once: the hub keeps only a hash of it, "
            "and nobody can show it again."
        )
        facts = {
            gettext("Name"): obj.name,
            gettext("Platform"): obj.platform,
            gettext("User"): obj.user or gettext("all users"),
            gettext("Header"): code(f"Authorization: Bearer {obj.prefix}.…"),
        }
        return show(
            self,
            request,
            "admin/hub/shown_once.html",
            title=gettext("New API key"),
            intro=intro,
            label=gettext("API key"),
            key=obj.shown_key,
            facts=pairs(facts),
            back=reverse("admin:platforms_apikey_change", args=[quote(obj.pk)]),
        )

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer to revoke what is not revoked yet."""
        key = self.get_object(request, object_id)
        return (
            [] if key is None or key.revoked_at else super().get_actions_detail(request, object_id)
        )

    @action(
        description=_("Revoke"), permissions=["revoke"], icon="block", variant=ActionVariant.DANGER
    )
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then end the key for good."""
        key = self.find_object(request, object_id)
        back = reverse("admin:platforms_apikey_change", args=[quote(key.pk)])
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
            facts={
                gettext("Key"): code(f"{key.prefix}…"),
                gettext("Name"): key.name,
                gettext("Platform"): key.platform,
                gettext("User"): self.user_shown(key),
                gettext("Last used"): moment(key.last_used_at),
            },
            submit=gettext("Revoke the key"),
            back=back,
            is_dangerous=True,
        )
        return ask(self, request, question, about=key)

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


def mark_expired(keys: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
    """Return keys with `is_expired`, judged by the database's clock."""
    is_expired = ExpressionWrapper(Q(expires_at__lte=Now()), output_field=BooleanField())
    return keys.annotate(is_expired=is_expired)


def state_badge(key: Any) -> SafeString:
    """Return whether a marked key works, as a coloured word."""
    if key.revoked_at:
        return badge(_("revoked"), "danger")
    return badge(_("expired"), "warning") if key.is_expired else badge(_("active"), "success")
