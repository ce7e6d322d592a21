"""The roles that a hub ships with: groups whose rights fit a desk. Staff may change them; what they changed stays."""

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatchcase

from django.contrib.admin import AdminSite, autodiscover
from django.contrib.auth.models import Group, Permission

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


def seed_roles(site: AdminSite) -> list[str]:
    """Make the roles that are missing, and return their names; those that are there stay as staff have them."""
    names = set(Group.objects.filter(name__in=[r.name for r in ROLES]).values_list("name", flat=True))  # fmt: skip
    missing = [role for role in ROLES if role.name not in names]
    if not missing:
        return []
    # Only the web process has the pages at hand, and this is done once in a hub's life.
    autodiscover()
    rights = find_rights(site)
    permissions = {
        f"{one.content_type.app_label}.{one.codename}": one
        for one in Permission.objects.select_related("content_type")
    }
    for role in missing:
        group = Group.objects.create(name=role.name)
        group.permissions.set([permissions[right] for right in role.pick(rights)])
    return [role.name for role in missing]
