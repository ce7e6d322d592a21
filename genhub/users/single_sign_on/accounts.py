"""Whose account somebody has whom the provider vouches for. It is found by the provider's own name for the person,
which never changes, once it is known: a user name that passes on to somebody else opens nothing."""

from collections.abc import Mapping
from typing import Any, Final

from django.conf import settings
from django.contrib.admin.models import ADDITION, CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext

from genhub.users.models import Identity, User
from genhub.users.roles import ROLES

LONGEST_SUBJECT: Final = 255
NAMES: Final = {"first_name": "given_name", "last_name": "family_name", "email": "email"}


class NotLetIn(Exception):
    """Somebody whom the provider vouches for has no business here; the words are for the log."""


@transaction.atomic
def find_account(claims: Mapping[str, Any]) -> User:
    """Return the account of claims that were verified, with the roles that their groups mean; raise NotLetIn."""
    subject = claims["sub"]
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT or "\0" in subject:
        raise NotLetIn("the claim sub is no name")
    groups = read_groups(claims)
    roles = {settings.OIDC_GROUPS[group] for group in groups & settings.OIDC_GROUPS.keys()}
    is_boss = bool(settings.OIDC_SUPERUSER_GROUP) and settings.OIDC_SUPERUSER_GROUP in groups
    if settings.OIDC_GROUPS and not roles and not is_boss:
        raise NotLetIn(f"{subject!r} is in no group that has a role here")
    user = find_known(subject) or link(claims, subject)
    check(user, is_boss=is_boss)
    give_roles(user, roles)
    return user


def read_groups(claims: Mapping[str, Any]) -> set[str]:
    """Return the groups that claims list; one alone may stand as a text, and what is neither lists none."""
    said = claims.get(settings.OIDC_GROUPS_CLAIM)
    listed = said if isinstance(said, list) else [said]
    return {one for one in listed if isinstance(one, str)}


def find_known(subject: str) -> User | None:
    """Return the account of somebody who came before."""
    known = Identity.objects.filter(issuer=settings.OIDC_ISSUER, subject=subject)
    row = known.select_related("user").first()
    return row.user if row else None


def link(claims: Mapping[str, Any], subject: str) -> User:
    """Return the account of the name that claims tell, which is this person's from now on; raise NotLetIn."""
    name = read_name(claims)
    user = User.objects.select_for_update(no_key=True).filter(username=name).first()
    if user and Identity.objects.filter(user=user).exists():
        raise NotLetIn(f"the account {name!r} is somebody else's at the provider")
    user = user or create(claims, name)
    Identity.objects.create(user=user, issuer=settings.OIDC_ISSUER, subject=subject)
    note(user, CHANGE, gettext("Linked with single sign-on."))
    return user


def read_name(claims: Mapping[str, Any]) -> str:
    """Return the user name that claims tell; raise NotLetIn without one, or for a mail address nobody verified."""
    claim = settings.OIDC_USERNAME_CLAIM
    name = claims.get(claim)
    if not isinstance(name, str) or not name or "\0" in name:
        raise NotLetIn(f"the claim {claim!r} is no name")
    if claim == "email" and claims.get("email_verified") is not True:
        raise NotLetIn(f"the mail address {name!r} was not verified")
    return name


def create(claims: Mapping[str, Any], name: str) -> User:
    """Return a new account without a password; raise NotLetIn where none is to be made, or not of this name."""
    if not settings.OIDC_CREATE:
        raise NotLetIn(f"there is no account {name!r}, and OIDC_CREATE is off")
    if User.objects.filter(username__iexact=name).exists():
        raise NotLetIn(f"there is an account like {name!r}")
    said = {field: claims.get(claim) for field, claim in NAMES.items()}
    words = {field: text for field, text in said.items() if isinstance(text, str)}
    user = User(username=name, is_staff=True, **words)
    user.set_unusable_password()
    try:
        user.full_clean()
    except ValidationError as error:
        raise NotLetIn(f"no account can be made of {name!r}: {error}") from error
    user.save(force_insert=True)
    note(user, ADDITION, gettext("Made by single sign-on."))
    return user


def check(user: User, *, is_boss: bool) -> None:
    """Raise NotLetIn for an account that may not sign in; make or refuse a superuser as the group says."""
    if not user.is_active or not user.is_staff:
        raise NotLetIn(f"the account {user.username!r} is switched off, or no staff's")
    if is_boss == user.is_superuser:
        return
    if not is_boss:
        # A name at the provider must not be enough for it, nor stay enough when the group was left.
        raise NotLetIn(f"{user.username!r} is a superuser, and the provider does not say so")
    user.is_superuser = True
    user.save(update_fields=["is_superuser"])
    note(user, CHANGE, gettext("Made a superuser by single sign-on."))


def give_roles(user: User, roles: set[str]) -> None:
    """Let somebody have these of the hub's own roles alone; groups that staff made stay as they are."""
    if not settings.OIDC_GROUPS:
        return
    names = {role.name.split()[0].lower(): role.name for role in ROLES}
    wanted = {names[role] for role in roles}
    shipped = Group.objects.filter(name__in=names.values())
    held = {group.name for group in shipped.filter(user=user)}
    if held == wanted:
        return
    user.groups.remove(*shipped.exclude(name__in=wanted))
    user.groups.add(*shipped.filter(name__in=wanted))
    told = ", ".join(sorted(wanted)) or "–"
    note(user, CHANGE, gettext("Roles by single sign-on: %(roles)s") % {"roles": told})


def note(user: User, deed: int, said: str) -> None:
    """Write into an account's history what the provider's word did; it stands there as the person's own deed."""
    LogEntry.objects.log_actions(user.pk, [user], deed, said, single_object=True)
