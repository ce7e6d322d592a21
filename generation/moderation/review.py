"""What staff decide about findings: a picture is released to its owner, or withheld; a text is never refused again.

Credits do not move here: what was given back stays with its owner, and what was paid for a picture that is withheld
later staff may refund on its task's page.
"""

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from generation.errors import FindingDecided
from generation.models import Finding, Output, Task, Term
from generation.moderation.terms import Matcher, key_of
from generation.spec import GenerationSpec
from generation.states import TaskState
from genhub.lib.errors import NotFound, SeenChanged, gettext_noop
from storage import withholding

State, Outcome = Finding.State, Finding.Outcome


def mark_of(row: Finding) -> str:
    """Return the mark of what a person decides by."""
    return f"{row.state}:{row.decided_at or ''}"


@transaction.atomic
def decide(
    finding_id: uuid.UUID, state: Finding.State, *, person: Any, reason: str, seen: str
) -> Finding:
    """Release what was found, or withhold it; a decision may be taken anew.

    Raises FindingDecided where it stands so already, SeenChanged where somebody decided since the page was read. Locks:
    task, finding, pictures.
    """
    found = Finding.objects.filter(pk=finding_id).first()
    if found is None:
        raise NotFound(thing=gettext_noop("finding"))
    if found.task_id:
        Task.objects.select_for_update(no_key=True).get(pk=found.task_id)
    row = (
        Finding.objects.select_for_update(of=("self",))
        .select_related("task", "artifact")
        .get(pk=found.pk)
    )
    if row.state == state:
        raise FindingDecided
    if mark_of(row) != seen:
        raise SeenChanged
    if row.task:
        if state == State.RELEASED:
            release(row, row.task)
        else:
            withhold(row, row.task)
    row.state, row.decided_by, row.reason = state, person, reason
    Finding.objects.filter(pk=row.pk).update(
        state=state, decided_by=person, decided_at=Now(), reason=reason
    )
    return row


def release(row: Finding, task: Task) -> None:
    """Give a picture to the owner of its task, whose credits for it were given back and stay theirs."""
    for key in list_keys(row, task):
        if not is_kept_else(row, key):
            withholding.give_back(key)
    if row.outcome != Outcome.BLOCKED:
        return
    delivered: dict[str, Any] = {
        "artifact_id": row.artifact_id,
        "error_code": "",
        "error_params": {},
        "is_gift": True,
    }
    place = {"task": task, "position": row.position}
    if task.state == TaskState.COMPLETED:
        Output.objects.filter(**place, artifact=None).update(**delivered)
    else:
        # A task that failed has no outputs of its own.
        seeds = GenerationSpec.from_json(task.spec).seeds
        seed = seeds[row.position] if seeds and row.position is not None else None
        Output.objects.get_or_create(
            **place, defaults={**delivered, "seed": seed, "step": task.step}
        )


def withhold(row: Finding, task: Task) -> None:
    """Keep a picture, or all of an order whose prompt was flagged, from everybody who has it, and find it no more."""
    withheld = [pk for key in list_keys(row, task) for pk in withholding.withhold(key)]
    drawn = Output.objects.filter(artifact_id__in=withheld).order_by()
    Task.objects.filter(pk__in=drawn.values("task_id")).update(cache_key="")


def is_kept_else(row: Finding, key: str) -> bool:
    """Return whether another finding keeps a file from its owners: by staff's decision, or until there is one."""
    of_file = Q(artifact__key=key) | Q(artifact=None, task__outputs__artifact__key=key)
    # One that is open was withheld at once, or is appealed against.
    waits = Q(outcome=Outcome.BLOCKED) | Q(decided_at__isnull=False)
    keeps = Q(state=State.KEPT) | Q(waits, state=State.OPEN)
    return Finding.objects.exclude(pk=row.pk).filter(of_file, keeps).exists()


def list_keys(row: Finding, task: Task) -> list[str]:
    """Return the files that a finding is about: of a prompt, all that its task delivered."""
    if row.artifact:
        return [row.artifact.key]
    delivered = Output.objects.filter(task=task, artifact__isnull=False)
    return sorted(set(delivered.values_list("artifact__key", flat=True)))


def still_hits(row: Finding, allowed: str) -> bool:
    """Return whether a prompt would still be refused for its term if a text were allowed."""
    if row.term is None:
        return True
    allow = Term(text=allowed, kind=Term.Kind.ALLOW)
    known: Iterable[Term] = Term.objects.filter(is_active=True, kind=Term.Kind.ALLOW)
    matcher = Matcher([row.term, allow, *known])
    return bool(matcher.find(row.text))


def is_whole_term(row: Finding, allowed: str) -> bool:
    """Return whether a text that shall be allowed is the term itself: then that had better be switched off."""
    return row.term is not None and key_of(allowed, Term.Kind.PHRASE) == key_of(
        row.term.text, Term.Kind.PHRASE
    )


@transaction.atomic
def allow(finding_id: uuid.UUID, text: str, *, person: Any, reason: str) -> Term:
    """Let a text never be refused again, as the prompt was in which it stands; one that is off is switched on."""
    row = Finding.objects.select_for_update(of=("self",)).select_related("term").get(pk=finding_id)
    term, _ = Term.objects.update_or_create(
        text=text, kind=Term.Kind.ALLOW,
        defaults={"is_active": True}, create_defaults={
            "language": row.term.language if row.term else "other",
            "category": row.term.category if row.term else "other",
        },
    )  # fmt: skip
    Finding.objects.filter(pk=row.pk).update(
        state=State.RELEASED, decided_by=person, decided_at=Now(), reason=reason
    )
    return term
