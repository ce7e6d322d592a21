"""Which rights there are to give: those that some page asks for, found by asking every page, and each model's own."""

import re
from collections.abc import Callable
from typing import Any

from django.apps import apps
from django.contrib.admin import AdminSite
from django.contrib.auth.models import Permission
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from genhub.users.models import User

ASKS = re.compile(r"has_\w+_permission")


class Holder:
    """A member of staff who holds one right, or every one, and is no superuser; remembers which were asked for."""

    is_active = is_staff = is_authenticated = True
    is_superuser = is_anonymous = False
    pk = None

    def __init__(self, right: str = "") -> None:
        self.right = right
        self.asked: set[str] = set()

    def has_perm(self, right: str, obj: Any = None) -> bool:
        """Return whether a right such as `credits.view_purse` is held, and remember it."""
        self.asked.add(right)
        return self.right in {"", right}

    def has_module_perms(self, app: str) -> bool:
        """Say yes: an app's name is no right."""
        return True


def find_rights(site: AdminSite) -> set[str]:
    """Return the rights, such as `credits.view_purse`, that open anything to somebody who is not a superuser."""
    options = [model._meta for model in apps.get_models()]  # noqa: SLF001 (Django's own door to rights)
    found = {f"{o.app_label}.{codename}" for o in options for codename, _name in o.permissions}
    for page in site._registry.values():  # noqa: SLF001 (the registry has no other door)
        asks = [getattr(page, name) for name in dir(page) if ASKS.fullmatch(name)]
        # To view may be one of several rights that open a page: then it is not asked for where another is held.
        view = f"{page.opts.app_label}.view_{page.opts.model_name}"
        for holder in (Holder(), Holder(view)):
            for ask in asks:
                found |= asked(ask, holder)
    return found


def asked(ask: Callable[[HttpRequest], bool], holder: Holder) -> set[str]:
    """Return the rights that a page's question made use of: none where it refuses whoever holds them."""
    holder.asked = set()
    request = HttpRequest()
    request.user = holder  # type: ignore[assignment]
    if not ask(request):
        return set()
    return {right for right in holder.asked if holder.right in {"", right}}


def list_rights(site: AdminSite, *held: QuerySet[Permission]) -> QuerySet[Permission]:
    """Return the rights to choose from, and those held already: what is not offered would be lost on saving."""
    chosen = Q(pk__in=[])
    for right in find_rights(site):
        app, _dot, codename = right.partition(".")
        chosen |= Q(content_type__app_label=app, codename=codename)
    for rights in held:
        chosen |= Q(pk__in=rights.values("pk"))
    return Permission.objects.filter(chosen).select_related("content_type")


def may_act_on(actor: Any, person: Any) -> bool:
    """Return whether somebody with the right may end another's sessions or second step: nobody their own by it, and a
    superuser's is for superusers alone."""
    return person.pk != actor.pk and bool(actor.is_superuser or not person.is_superuser)


def find_person(request: HttpRequest) -> User:
    """Return who asks, as the database holds them."""
    return User.objects.get(username=request.user.get_username())
