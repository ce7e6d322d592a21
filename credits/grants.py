"""Grants by apps: a platform's key puts credits in for an event of the app, once, within the platform's grant rules."""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from credits import counts, ledger
from credits.entries import APP
from credits.errors import CreditsProblem, KeyReused, PurseErased
from credits.models import GrantRule, Period, Transfer
from genhub.lib.errors import gettext_noop
from genhub.platforms import idempotency

# A century: what staff write beyond it is no time that a calendar holds.
LONGEST_LIFETIME_DAYS = 36_500


class GrantKindUnknown(CreditsProblem):
    """No active rule of the platform allows this kind of grant."""

    code = "grant_kind_unknown"
    status = 403
    title = gettext_noop("This kind of grant is not allowed")
    detail = gettext_noop(
        "The hub's staff must add an active grant rule “%(kind)s” to the platform “%(platform)s” first. "
        "Nothing was granted."
    )


class GrantCapReached(CreditsProblem):
    """The rule's daily cap of one user would not hold."""

    code = "grant_cap_reached"
    title = gettext_noop("The daily cap is reached")
    detail = gettext_noop(
        "“%(kind)s” may grant a user %(limit)s credits a day; %(granted)s are granted and this is %(amount)s more. "
        "Nothing was granted. The next day begins at %(resets_at)s."
    )


class PlatformCapReached(GrantCapReached):
    """The rule's daily cap of all users together would not hold."""

    detail = gettext_noop(
        "“%(kind)s” may grant all users together %(limit)s credits a day; %(granted)s are granted and this is "
        "%(amount)s more. Nothing was granted. The next day begins at %(resets_at)s."
    )


@dataclass(frozen=True)
class Event:
    """What happened in an app, by the app's own id, and the credits that a user gets for it."""

    id: str
    kind: str
    user: str
    amount: int
    reason: str = ""


@dataclass(frozen=True)
class App:
    """The platform whose app grants, and the public part of the key it grants with."""

    platform_id: uuid.UUID
    platform_code: str
    time_zone: str
    key_prefix: str


def grant_for_event(app: App, event: Event, *, idempotency_key: str = "") -> tuple[str, bool]:
    """Grant an event's credits and return the transfer's key, and whether this call moved them: False when an equal
    event did it before.

    Raises GrantKindUnknown, GrantCapReached, KeyReused when the event's id granted something else, or
    IdempotencyKeyReused when the request's key came with another event or other words; then nothing was moved or
    counted.
    """
    use = idempotency.Use(
        app.platform_id, event.user, idempotency.Scope.GRANT, idempotency_key, idempotency.digest(vars(event))
    )  # fmt: skip
    full_key = f"grant:{key_of(app, event)}"
    if idempotency.find_earlier(use):
        return full_key, False
    try:
        return full_key, grant_once(app, event, use)
    except IntegrityError:
        # A request beside this one used the Idempotency-Key and has committed since.
        if idempotency.find_earlier(use):
            return full_key, False
        raise
    except PurseErased:
        # The user's data was deleted beside this call: whoever comes now under the name is somebody new.
        return full_key, grant_once(app, event, use)


def key_of(app: App, event: Event) -> str:
    """Return the ledger's key of an event: one for the whole platform, whichever API key tells of it."""
    return f"app:{app.platform_id}:{event.id}"


@transaction.atomic
def grant_once(app: App, event: Event, use: idempotency.Use) -> bool:
    """Move an event's credits unless an equal event did, and note what the request's key stands for, or do nothing."""
    full_key = f"grant:{key_of(app, event)}"
    is_new = not is_done(full_key, event) and put_in(app, event)
    if use.key:
        idempotency.keep(use, Transfer.objects.values_list("pk", flat=True).get(key=full_key))
    return is_new


def put_in(app: App, event: Event) -> bool:
    """Put an event's credits in and count them; False when a call that ran beside this one did, for an equal event."""
    rule, key = find_rule(app, event.kind), key_of(app, event)
    why = ledger.Why(APP + app.key_prefix, f"{event.kind} {event.reason}".strip())
    purse = ledger.open_purse(app.platform_id, event.user)
    # The credits come before the counts: the key and the purse's lock make a repetition that runs beside this call
    # wait here, and it then finds itself done without having counted. A cap takes the credits back.
    expires_at = expiry_of(rule)
    if ledger.grant(purse.pk, event.amount, key=key, why=why, expires_at=expires_at):
        count(rule, app, purse.pk, event.amount)
        return True
    # Only an equal event; another one under this id is refused.
    is_done(f"grant:{key}", event)
    return False


def is_done(full_key: str, event: Event) -> bool:
    """Return whether an event was granted before; raise KeyReused when its id granted something else."""
    earlier = Transfer.objects.filter(key=full_key).select_related("purse").first()
    if earlier is None:
        return False
    kind = earlier.reason.partition(" ")[0]
    if (earlier.purse.user, earlier.amount, kind) != (event.user, event.amount, event.kind):
        raise KeyReused
    return True


def find_rule(app: App, kind: str) -> GrantRule:
    """Return the platform's active rule of a kind, or raise GrantKindUnknown."""
    rules = GrantRule.objects.filter(platform_id=app.platform_id, kind=kind, is_active=True)
    rule = rules.first()
    if rule is None:
        raise GrantKindUnknown(kind=kind, platform=app.platform_code)
    return rule


def expiry_of(rule: GrantRule) -> datetime | None:
    """Return when credits that the rule grants now expire, by the database's clock; None: never."""
    if rule.lifetime_days is None:
        return None
    lifetime = timedelta(days=min(rule.lifetime_days, LONGEST_LIFETIME_DAYS))
    rules = GrantRule.objects.annotate(expires_at=Now() + lifetime)
    expires_at: datetime = rules.values_list("expires_at", flat=True).get(pk=rule.pk)
    return expires_at


def count(rule: GrantRule, app: App, purse_id: uuid.UUID, amount: int) -> None:
    """Count a grant against both daily caps, the user's first, or raise GrantCapReached naming the one that is full."""
    day = counts.find_window(Period.DAY, app.time_zone)
    caps = (
        (GrantCapReached, "user", purse_id, rule.daily_most_per_user),
        (PlatformCapReached, "platform", app.platform_id, rule.daily_most),
    )
    for problem, scope, subject_id, most in caps:
        if counts.count_up(rule.pk, subject_id, day, amount, most) is None:
            raise problem(
                scope=scope,
                kind=rule.kind,
                limit=most,
                granted=counts.read_used(rule.pk, subject_id, day),
                amount=amount,
                resets_at=day.ends_at.isoformat() if day.ends_at else None,
            )
