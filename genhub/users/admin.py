"""Pages of staff accounts and groups. Only superusers hand out rights: nobody gives themselves the right to refund."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group, Permission
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from genhub.users.models import User

RIGHTS = ("is_staff", "is_superuser", "groups", "user_permissions")

# Rows that have pages, and those of them that staff may never add or change: nobody can use such a right.
WITH_PAGES = (
    "apikey", "artifact", "hold", "platform", "provider", "purse", "share", "style", "task", "template",
    "templateversion", "transfer", "user", "worker",
)  # fmt: skip
READ_ONLY = ("artifact", "hold", "purse", "task", "transfer", "worker")
NOT_ADDED = ("provider", "share", "templateversion")

admin.site.unregister(Group)


def list_rights() -> QuerySet[Permission]:
    """Return the rights that make a difference, so that staff need not read eighty that do not."""
    idle = Q(codename__startswith="delete_")
    idle |= Q(content_type__model__in=READ_ONLY) & Q(codename__regex="^(add|change)_")
    idle |= Q(content_type__model__in=NOT_ADDED, codename__startswith="add_")
    rights = Permission.objects.filter(content_type__model__in=WITH_PAGES).exclude(idle)
    return rights.select_related("content_type")


@admin.register(User)
class UserAdmin(DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """Staff accounts."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    actions = None
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

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the rights that some page asks for."""
        if db_field.name == "user_permissions":
            kwargs["queryset"] = list_rights()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Keep accounts to superusers: whoever sets a password or a name acts with its rights, and money has rights."""
        return bool(request.user.is_superuser and super().has_change_permission(request, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Refuse: the ledger names its actors for ever; accounts are switched off instead."""
        return False


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin, ModelAdmin):
    """Groups of rights; whoever could change one could give themselves any right, so only superusers may."""

    compressed_fields = False

    def formfield_for_manytomany(
        self, db_field: Any, request: HttpRequest | None = None, **kwargs: Any
    ) -> Any:
        """Offer the rights that some page asks for."""
        if db_field.name == "permissions":
            kwargs["queryset"] = list_rights()
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Allow superusers."""
        return bool(request.user.is_superuser)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow superusers."""
        return bool(request.user.is_superuser)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Allow superusers."""
        return bool(request.user.is_superuser)
