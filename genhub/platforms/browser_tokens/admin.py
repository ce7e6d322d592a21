"""Browser tokens: listed, and ended by staff; their secrets are shown to nobody."""

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.utils import quote
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from genhub.admin.base import ReadOnlyAdmin
from genhub.admin.pages import Question, ask
from genhub.admin.paging import InfinitePaginator
from genhub.admin.show import badge, code, link, moment
from genhub.platforms.browser_tokens import tokens
from genhub.platforms.browser_tokens.models import BrowserToken
from genhub.platforms.models import Scope


@admin.register(BrowserToken)
class BrowserTokenAdmin(ReadOnlyAdmin):
    """Tokens of all platforms, newest first; they go a day after their end."""

    has_history = True
    list_display = ("prefix_shown", "platform", "user", "origins_shown", "state", "expires_at", "last_used_at")  # fmt: skip
    list_filter = ("platform",)
    list_select_related = ("platform",)
    search_fields = ("prefix", "user")
    search_ids = ("key_id",)
    ordering = ("-id",)
    paginator = InfinitePaginator
    show_full_result_count = False
    fieldsets = (
        (None, {"fields": ("prefix_shown", "state", "platform", "key_shown", "user")}),
        (_("Reach"), {"fields": ("origins_shown", "scopes_shown", "credits_shown")}),
        (_("Times"), {"fields": ("created_at", "last_used_at", "expires_at", "revoked_at")}),
    )
    readonly_fields = ("prefix_shown", "state", "key_shown", "origins_shown", "scopes_shown", "credits_shown")  # fmt: skip
    actions_detail = ("revoke",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[BrowserToken]:
        """Return the tokens, each with whether it lives."""
        return tokens.mark_alive(super().get_queryset(request))

    def has_revoke_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow whoever may revoke keys: a token is less."""
        return bool(request.user.has_perm("platforms.change_apikey"))

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer to revoke what still works."""
        token = self.get_object(request, object_id)
        is_alive = token is not None and token.is_alive
        return super().get_actions_detail(request, object_id) if is_alive else []

    @action(
        description=_("Revoke"), permissions=["revoke"], icon="block", variant=ActionVariant.DANGER
    )
    def revoke(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then end the token for good."""
        token = self.find_object(request, object_id)
        back = reverse("admin:platforms_browsertoken_change", args=[quote(token.pk)])
        if request.method == "POST":
            tokens.revoke(token.pk)
            self.log_change(request, token, gettext("Revoked."))
            messages.success(
                request, gettext("The token was revoked; requests with it are refused from now on.")
            )
            return HttpResponseRedirect(back)
        question = Question(
            title=gettext("Revoke this browser token?"),
            intro=gettext("The browser that uses it is refused at once. This cannot be undone."),
            facts={
                gettext("Token"): self.prefix_shown(token),
                gettext("Platform"): token.platform,
                gettext("User"): token.user,
                gettext("Last used"): moment(token.last_used_at),
            },
            submit=gettext("Revoke the token"),
            back=back,
            is_dangerous=True,
        )
        return ask(self, request, question, about=token)

    @display(description=_("browser token"))
    def prefix_shown(self, token: BrowserToken) -> SafeString:
        """Show the public part."""
        return code(f"{token.prefix}…")

    @display(description=_("API key"))
    def key_shown(self, token: BrowserToken) -> SafeString:
        """Lead to the key that it stands in for."""
        return link("platforms_apikey", token.key_id, code(f"{token.key.prefix}…"))

    @display(description=_("origins"))
    def origins_shown(self, token: BrowserToken) -> str:
        """Show whose pages may use it."""
        return ", ".join(token.origins)

    @display(description=_("scopes"))
    def scopes_shown(self, token: BrowserToken) -> str:
        """Show what it may do, in words."""
        return ", ".join(str(Scope(scope).label) for scope in token.scopes)

    @display(description=_("credits"))
    def credits_shown(self, token: BrowserToken) -> str:
        """Show what its orders hold or spent, of what they may."""
        used = import_string(settings.TOKEN_SPENDING)([token.pk]).get(token.pk, 0)
        return gettext("%(used)s of %(most)s") % {"used": used, "most": token.max_credits}

    @display(description=_("state"))
    def state(self, token: Any) -> SafeString:
        """Show whether it works."""
        return token_badge(token)


def token_badge(token: Any) -> SafeString:
    """Return whether a marked token works, as a coloured word."""
    if token.revoked_at:
        return badge(_("revoked"), "danger")
    return badge(_("active"), "success") if token.is_alive else badge(_("expired"), "warning")
