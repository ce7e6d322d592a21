"""Pages of staff accounts and groups. Only superusers hand out rights: nobody gives themselves the right to refund."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.decorators import action
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from genhub.admin.pages import Question, ask, without_action
from genhub.admin.seen_rows import SeenRows
from genhub.users.models import Identity, User
from genhub.users.own_admin import OwnPage
from genhub.users.rights import list_rights, may_act_on
from genhub.users.second_step import step_of
from genhub.users.second_step_admin import SecondStepPages
from genhub.users.sessions_admin import SessionPages
from genhub.users.signing_in import unlock
from genhub.users.single_sign_on.identity_admin import IdentityPages

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister(Group)


class RightsPage(SeenRows):
    """A page that hands out rights: it offers what any page asks for, and keeps what is held."""

    rights_field = ""

    def get_form(
        self,
        request: HttpRequest,
        obj: Any = None,
        change: bool = False,  # noqa: FBT001, FBT002
        **kwargs: Any,
    ) -> Any:
        """Offer the rights; those who may only look have no such field."""
        form = super().get_form(request, obj, change=change, **kwargs)
        if field := form.base_fields.get(self.rights_field):
            held = [getattr(obj, self.rights_field).all()] if obj else []
            field.queryset = list_rights(admin.site, *held)
        return form


class DoorPages(SecondStepPages, SessionPages, IdentityPages):
    """What signs somebody in, and what that opened."""

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Offer what there is to end, reset or unlink, and not of one's own account."""
        found, person = (
            list(super().get_actions_detail(request, object_id)),
            self.get_object(request, object_id),
        )
        may_act = person and may_act_on(request.user, person)
        offered = {
            "sessions": may_act,
            "reset_step": may_act and step_of(person),
            "unlink": person and Identity.objects.filter(user=person).exists(),
        }
        for name, is_offered in offered.items():
            if not is_offered:
                found = without_action(found, name)
        return found


@admin.register(User)
class UserAdmin(OwnPage, DoorPages, RightsPage, DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """Staff accounts."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    actions = None
    actions_detail = ("unlock_sign_in", "sessions", "reset_step", "unlink")
    rights_field = "user_permissions"
    # Two lists side by side need the width.
    compressed_fields = False
    list_display = (
        "username",
        "first_name",
        "last_name",
        "is_active",
        "is_superuser",
        "last_login",
    )
    list_display_links = ("username",)
    card_facts = ("first_name", "last_name", "is_active", "last_login")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep rights out of reach of whoever is not a superuser."""
        fixed = (*super().get_readonly_fields(request, obj), "last_login", "date_joined")
        return fixed if request.user.is_superuser else (*fixed, *RIGHTS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Keep new accounts to superusers, who alone may give them their rights."""
        return bool(request.user.is_superuser)

    def has_unlock_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Allow superusers."""
        return bool(request.user.is_superuser)

    @action(description=_("Unlock sign-in"), permissions=["unlock"], icon="lock_open")
    def unlock_sign_in(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask, then let an account that was tried too often be tried again."""
        person = self.find_object(request, object_id)
        back = reverse("admin:users_user_change", args=[person.pk])
        if request.method == "POST":
            unlock(person.username)
            self.log_change(request, person, gettext("Unlocked the sign-in."))
            messages.success(request, gettext("%(user)s may sign in again.") % {"user": person})
            return HttpResponseRedirect(back)
        question = Question(
            title=gettext("Unlock the sign-in of %(user)s") % {"user": person},
            intro=gettext("Wrong tries so far are forgotten, wherever they came from."),
            submit=gettext("Unlock"),
            back=back,
        )
        return ask(self, request, question, about=person)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep accounts to superusers: whoever sets a password or a name acts with its rights, and money has rights."""
        return bool(request.user.is_superuser and super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: the ledger names its actors for ever; accounts are switched off instead."""
        return False


@admin.register(Group)
class GroupAdmin(RightsPage, DjangoGroupAdmin, ModelAdmin):
    """Groups of rights; whoever could change one could give themselves any right, so only superusers may."""

    rights_field = "permissions"
    compressed_fields = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow superusers."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow superusers."""
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow superusers."""
        return bool(request.user.is_superuser)
