"""Pages of staff accounts and groups. Only superusers hand out rights: nobody gives themselves the right to refund."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from genhub.users.models import User
from genhub.users.rights import list_rights

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

admin.site.unregister(Group)


class RightsPage(ModelAdmin):
    """A page that hands out rights: it offers what any page asks for, and keeps what is held."""

    rights_field = ""

    def get_form(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        """Offer the rights; those who may only look have no such field."""
        form = super().get_form(request, obj, **kwargs)
        if field := form.base_fields.get(self.rights_field):
            held = [getattr(obj, self.rights_field).all()] if obj else []
            field.queryset = list_rights(self.admin_site, *held)
        return form


@admin.register(User)
class UserAdmin(DjangoUserAdmin, RightsPage):  # type: ignore[type-arg]
    """Staff accounts."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    actions = None
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

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Keep rights out of reach of whoever is not a superuser."""
        fixed = (*super().get_readonly_fields(request, obj), "last_login", "date_joined")
        return fixed if request.user.is_superuser else (*fixed, *RIGHTS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Keep new accounts to superusers, who alone may give them their rights."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep accounts to superusers: whoever sets a password or a name acts with its rights, and money has rights."""
        return bool(request.user.is_superuser and super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: the ledger names its actors for ever; accounts are switched off instead."""
        return False


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, RightsPage):
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
