"""The roles that a hub ships with: groups whose rights fit a desk. Staff may change them; what they changed stays."""

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.contrib.admin import AdminSite, autodiscover
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Max

from genhub.users.models import ShippedRight
from genhub.users.rights import find_rights


@dataclass(frozen=True)
class Role:
    """A group's name, in both languages since it is a row, and its rights; `*` stands for any letters."""

    name: str
    rights: tuple[str, ...]
    # Of those above, what it has not.
    without: tuple[str, ...] = ()

    def pick(self, rights: Collection[str]) -> set[str]:
        """Return those of these rights that the role has."""
        return {one for one in rights if fits(one, self.rights) and not fits(one, self.without)}


def fits(right: str, patterns: Collection[str]) -> bool:
    """Return whether a right is one of those that patterns stand for."""
    return any(fnmatchcase(right, pattern) for pattern in patterns)


# What the hub pays its vendors, and texts that nobody was to see, are not for everybody who may look.
LOOK, NOT_FOR_ALL = "*.view_*", ("generation.view_costs", "generation.view_refusedprompt")
VIEWER = Role("Viewer 查看", (LOOK,), NOT_FOR_ALL)
ROLES = (
    VIEWER,
    Role(
        "Editor 编辑",
        (
            LOOK,
            "templates.*",
            "generation.order_task",
            "generation.*_trainingset",
            "generation.train_loras",
            "storage.review_pictures",
        ),
        NOT_FOR_ALL,
    ),
    Role(
        "Finance 财务",
        (LOOK, "credits.*", "generation.approve_refunds", "platforms.*_plan"),
        ("generation.view_refusedprompt",),
    ),
    Role(
        "Operator 运维",
        (
            LOOK,
            "generation.*",
            "webhooks.*",
            "storage.*",
            "retention.*_keeping",
            "platforms.*",
            "credits.stop_users",
        ),
        ("generation.approve_refunds", "generation.view_costs", "platforms.*_plan"),
    ),
    Role("Owner 负责人", ("*",)),
)

NAMES = [role.name for role in ROLES]


def seed_roles(site: AdminSite) -> list[str]:
    """Make the roles that are missing, give each those of its rights that a newer release brought, and return the names
    of both; what staff made of a role stays."""
    if not is_behind():
        return []
    # Only the web process has the pages at hand, and this is done once a release.
    autodiscover()
    rights = find_rights(site)
    permissions = {
        f"{one.content_type.app_label}.{one.codename}": one
        for one in Permission.objects.select_related("content_type")
    }
    with transaction.atomic():
        known = find_newest_held()
        changed = [
            role.name
            for role in ROLES
            if give(role.name, [permissions[right] for right in sorted(role.pick(rights))], known)
        ]
        note_newest()
    return changed


def give(name: str, permissions: Collection[Permission], known: int) -> bool:
    """Give a role those of its rights that it never had, and return whether there were any.

    A role older than the notes of what it was given had every right up to the newest that any of them holds.
    """
    group, is_new = Group.objects.get_or_create(name=name)
    had = set(group.shipped_rights.values_list("permission", flat=True))
    if not is_new and not had:
        had = {one.pk for one in permissions if one.pk <= known}
    new = [one for one in permissions if one.pk not in had]
    group.permissions.add(*new)
    ShippedRight.objects.bulk_create(
        [ShippedRight(group=group, permission=one) for one in permissions], ignore_conflicts=True
    )
    return bool(new)


def is_behind() -> bool:
    """Return whether a role is missing, or a right came that no role was looked at for."""
    if Group.objects.filter(name__in=NAMES).count() < len(NAMES):
        return True
    newest = Permission.objects.order_by("-pk")[:1]
    return not ShippedRight.objects.filter(group=None, permission__in=newest.values("pk")).exists()


def find_newest_held() -> int:
    """Return the key of the newest right that one of the roles holds."""
    held = Permission.objects.filter(group__name__in=NAMES)
    newest: int = held.aggregate(newest=Max("pk", default=0))["newest"]
    return newest


def note_newest() -> None:
    """Note up to which right the roles were given theirs."""
    ShippedRight.objects.filter(group=None).delete()
    ShippedRight.objects.create(permission=Permission.objects.latest("pk"))
