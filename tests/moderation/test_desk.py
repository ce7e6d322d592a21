"""Staff decide about what moderation found; owners appeal, and get what is released without paying for it."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client
from django.urls import reverse
from rest_framework.test import APIClient

from generation.models import Finding, Moderator, Output, Task, Term
from generation.moderation import review
from generation.moderation.terms import find_terms
from genhub.platforms.models import Platform
from genhub.users.models import User
from storage.models import Artifact
from tests.api.refusals import GENERATE, check_problem, refused
from tests.approval.made import desk as staff
from tests.easel import Easel
from tests.moderation.test_pictures import BAD, SAFE, order
from tests.providers.vendors.server import Server

Make = Callable[..., Moderator]
WHY = "Looked at it: harmless art."
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]


@pytest.fixture
def watched(server: Server, service: Make) -> Server:
    service(checks_prompts=False, checks_pictures=True)
    server.respond = lambda asked: SAFE
    return server


@pytest.fixture
def dora() -> Client:
    return staff("dora", "decide_findings", "see_withheld", "add_term")


def page(name: str, *args: Any) -> str:
    return reverse(f"admin:generation_{name}", args=args)


def decide(client: Client, row: Finding, deed: str, **words: Any) -> Any:
    row.refresh_from_db()
    return client.post(
        page(f"finding_{deed}", row.pk), {"reason": WHY, "seen": review.mark_of(row), **words}
    )


def appeal(client: APIClient, task: Any, text: str = "It is a statue.") -> Any:
    return client.post(f"/api/v1/tasks/{task['id']}/appeal", {"text": text}, format="json")


def read(client: APIClient, task: Any) -> Any:
    return client.get(f"/api/v1/tasks/{task['id']}").json()


def test_released_picture_joins_the_result_and_costs_nothing(
    alice: APIClient, easel: Easel, watched: Server, dora: Client
) -> None:
    watched.faults = [BAD]
    task = order(alice, num_images=2)
    row = Finding.objects.get()
    assert (
        page("finding_change", row.pk)
        in staff("eve", "decide_findings", "view_task")
        .get(page("task_change", row.task_id))
        .content.decode()
    )
    assert decide(dora, row, "release").status_code == 302
    after = read(alice, task)
    assert (after["result"]["count"], after["result"]["errors"]) == (2, [])
    assert after["credits"] == task["credits"]
    [picture] = [one for one in after["result"]["images"] if one["seed"] == 7]
    assert alice.get(f"/api/v1/artifacts/{picture['id']}").status_code == 302
    row.refresh_from_db()
    assert (row.state, row.reason, str(row.decided_by)) == ("released", WHY, "dora")
    assert LogEntry.objects.get(object_id=str(row.pk)).change_message == f"Release: {WHY}"
    # Decided anew, it is gone again.
    assert decide(dora, row, "withhold").status_code == 302
    assert read(alice, task)["result"]["count"] == 1


def test_owner_of_a_failed_task_appeals_and_gets_what_is_released(
    alice: APIClient, mallory: APIClient, easel: Easel, watched: Server, dora: Client
) -> None:
    watched.respond = lambda asked: BAD
    task = order(alice, num_images=2)
    address = f"/api/v1/tasks/{task['id']}/appeal"
    assert alice.get(address).status_code == 404
    refused(mallory, address, body={"text": "mine"}, expect=(404, "not_found"))
    refused(alice, address, body={"text": " "}, expect=(400, "invalid_request", "text"))
    refused(alice, address, body={"text": "x" * 2001}, expect=(400, "invalid_request", "text"))
    first, second = Finding.objects.order_by("position")
    decide(dora, first, "withhold")
    made = appeal(alice, task).json()
    assert (made["state"], made["decided_at"], made["text"]) == ("waiting", None, "It is a statue.")
    assert [one["state"] for one in made["pictures"]] == ["waiting", "waiting"]
    assert all(one["url"] is None for one in made["pictures"])
    assert appeal(alice, task).json() == made
    check_problem(appeal(alice, task, "Other words."), 409, "appeal_made")
    assert "It is a statue." in dora.get(page("finding_change", first.pk)).content.decode()
    decide(dora, first, "release")
    decide(dora, second, "withhold")
    answer = alice.get(address).json()
    assert (answer["state"], answer["pictures"][0]["reason"]) == ("partly_granted", WHY)
    assert answer["decided_at"]
    released, kept = answer["pictures"]
    assert (released["state"], kept["state"], kept["url"]) == ("released", "withheld", None)
    assert alice.get(released["url"]).status_code == 302
    after = read(alice, task)
    assert (after["status"], after["credits"]["captured"], after["result"]["count"]) == (
        "failed",
        0,
        1,
    )
    # As clients of others are answered.
    drawn = alice.get(f"/v1/images/tasks/{task['id']}?response_format=url").json()["data"]
    predicted = alice.get(f"/replicate/v1/predictions/{task['id']}").json()["output"]
    assert (len(drawn), len(predicted)) == (1, 1)
    assert alice.get(f"/api/v1/tasks/{task['id']}/result").json()["count"] == 1
    assert Output.objects.get().is_gift


def test_without_anything_withheld_there_is_no_appeal(
    alice: APIClient, easel: Easel, watched: Server
) -> None:
    task = order(alice)
    refused(alice, f"/api/v1/tasks/{task['id']}/appeal", body={"text": "why"}, expect=(409, "nothing_withheld"))  # fmt: skip


def test_flagged_order_is_withheld_from_all_who_have_it(
    alice: APIClient, shop: Platform, easel: Easel, watched: Server, dora: Client
) -> None:
    Platform.objects.filter(pk=shop.pk).update(moderation="flag")
    watched.faults = [BAD]
    task = order(alice, num_images=1)
    again = order(alice, num_images=1)
    assert again["cached"] is True
    [row] = Finding.objects.all()
    decide(dora, row, "withhold")
    for one in (task, again):
        assert read(alice, one)["result"]["count"] == 0
        # What was paid stays paid, until somebody refunds it.
        assert read(alice, one)["credits"]["captured"] == 10
    assert Task.objects.filter(cache_key="").count() == 2
    assert Artifact.objects.filter(withheld_at=None).count() == 0
    decide(dora, row, "release")
    assert read(alice, task)["result"]["count"] == 1


def test_what_one_finding_keeps_another_does_not_give_back(
    alice: APIClient, shop: Platform, easel: Easel, watched: Server, dora: Client
) -> None:
    """Staff withhold a flagged picture, and release the prompt that was flagged as well."""
    Platform.objects.filter(pk=shop.pk).update(moderation="flag")
    watched.respond = lambda asked: BAD
    task = order(alice, num_images=1)
    of_picture = Finding.objects.get()
    of_prompt = Finding.objects.create(
        platform=shop, user="alice", task_id=of_picture.task_id, field="prompt", source="term",
        labels=["other"], outcome="flagged",
    )  # fmt: skip
    assert decide(dora, of_picture, "withhold").status_code == 302
    assert decide(dora, of_prompt, "release").status_code == 302
    assert read(alice, task)["result"]["count"] == 0
    of_picture.refresh_from_db()
    assert decide(dora, of_picture, "release").status_code == 302
    assert read(alice, task)["result"]["count"] == 1


@pytest.mark.usefixtures("terms")
def test_flagged_prompt_withholds_what_its_order_delivered(
    alice: APIClient, shop: Platform, easel: Easel, dora: Client
) -> None:
    Platform.objects.filter(pk=shop.pk).update(moderation="flag")
    task = order(alice, prompt="a naked man", num_images=1)
    row = Finding.objects.get()
    assert "a naked man" in dora.get(page("finding_changelist")).content.decode()
    decide(dora, row, "withhold")
    assert read(alice, task)["result"]["count"] == 0


def test_desk_shows_patches_of_colour_until_somebody_who_may_looks(
    alice: APIClient, easel: Easel, watched: Server, dora: Client
) -> None:
    watched.faults = [BAD]
    order(alice, num_images=1)
    row = Finding.objects.get()
    assert row.artifact
    listed = dora.get(page("finding_changelist")).content.decode()
    assert "data:image/jpeg;base64," in listed
    blind = staff("eve", "decide_findings")
    address = page("finding_change", row.pk)
    for client, query, is_shown in (
        (dora, "", False), (blind, "?show=1", False), (blind, "", False), (dora, "?show=1", True)
    ):  # fmt: skip
        text = client.get(address + query).content.decode()
        assert (row.artifact.key in text) is is_shown
        assert row.artifact.thumbnail_key not in text
    assert LogEntry.objects.get(object_id=str(row.pk)).change_message == "looked at the picture"
    # What was deleted meanwhile is said to be, not shown as a broken picture.
    Artifact.objects.filter(pk=row.artifact.pk).update(gone_at=row.created_at)
    gone = dora.get(f"{address}?show=1").content.decode()
    assert row.artifact.key not in gone
    assert "was deleted" in gone
    nobody = staff("zoe", "view_task", "view_artifact")
    assert nobody.get(address).status_code == 403
    assert nobody.get(page("finding_changelist")).status_code == 403
    assert row.artifact.key not in nobody.get("/admin/storage/artifact/").content.decode()


def test_decision_needs_a_right_a_reason_and_what_is_shown(
    alice: APIClient, easel: Easel, watched: Server, dora: Client
) -> None:
    watched.faults = [BAD]
    order(alice, num_images=2)
    row = Finding.objects.get()
    assert decide(staff("zoe", "view_finding"), row, "release").status_code == 403
    assert "at least 10 characters" in decide(dora, row, "release", reason="ok").content.decode()
    seen = review.mark_of(row)
    decide(dora, row, "withhold")
    late = decide(dora, row, "release", seen=seen).content.decode()
    assert "This changed since you looked" in late
    twice = decide(dora, row, "withhold").content.decode()
    assert "This was decided before" in twice
    row.refresh_from_db()
    assert row.state == "kept"


@pytest.mark.usefixtures("terms", "stub")
def test_harmless_prompt_is_allowed_for_good(alice: APIClient, dora: Client) -> None:
    prompt = "a naked flame in the dark"
    assert alice.post(GENERATE, {"prompt": prompt}, format="json").status_code == 422
    row = Finding.objects.get()
    assert prompt in dora.get(page("refusedprompt_changelist")).content.decode()
    address = page("refusedprompt_allow", row.pk)
    assert "switch it off" in dora.post(address, {"text": "Naked", "reason": WHY}).content.decode()
    assert "would still be refused" in dora.post(address, {"text": "in the dark", "reason": WHY}).content.decode()  # fmt: skip
    assert dora.post(address, {"text": "naked flame", "reason": WHY}).status_code == 302
    term = Term.objects.get(text="naked flame")
    assert (term.kind, term.language) == ("allow", "en")
    assert alice.post(GENERATE, {"prompt": prompt}, format="json").status_code == 202
    assert find_terms("a naked man") != []
    row.refresh_from_db()
    assert (row.state, row.reason) == ("released", WHY)
    assert staff("eve", "decide_findings").post(address, {}).status_code == 403


def test_term_and_service_have_pages(settings: Any) -> None:
    settings.PRIVATE_HOSTS = frozenset({"judge.lan"})
    boss = Client()
    boss.force_login(User.objects.create_superuser("carol"))
    add = page("term_add")
    words = {
        "text": "Bad Word",
        "kind": "word",
        "language": "en",
        "category": "hate",
        "is_active": "on",
    }
    assert "has letters" in boss.post(add, words | {"text": "—!—"}).content.decode()
    assert boss.post(add, words).status_code == 302
    assert "has this term already" in boss.post(add, words).content.decode()
    assert [known.text for known in find_terms("a bad-word")] == ["Bad Word"]
    add = page("moderator_add")
    words = {
        "alias": "judge", "adapter": "openai", "checks_prompts": "on", "rank": "0", "is_enabled": "on",
        "connect_seconds": "3", "answer_seconds": "10", "options": "{}", "secret": "sk-0123456789abcdef",
    }  # fmt: skip
    for more, message in (
        ({"base_url": "http://10.0.0.1/v1"}, "private network"),
        ({"base_url": "http://api.example.com/v1"}, "plain http"),
        ({"base_url": "HTTP://api.example.com/v1"}, "plain http"),
        ({"base_url": "api.example.com/v1"}, "https://"),
        ({"is_in_house": "on"}, "PRIVATE_HOSTS"),
        ({"secret": "two words"}, "letters, digits and signs alone"),
        ({"options": "["}, "not valid JSON"),
    ):
        assert message in boss.post(add, words | more).content.decode(), more
    assert (
        boss.post(add, words | {"base_url": "http://judge.lan/v1", "is_in_house": "on"}).status_code
        == 302
    )
    row = Moderator.objects.get()
    assert (row.secret(), row.hint) == ("sk-0123456789abcdef", "cdef")
    change = page("moderator_change", row.pk)
    assert "sk-0123456789abcdef" not in boss.get(change).content.decode()
    Moderator.objects.update(failures=7)
    same = {
        name: value for name, value in words.items() if name not in {"alias", "adapter", "secret"}
    }
    assert (
        boss.post(change, same | {"base_url": "http://judge.lan/v1", "rank": "3"}).status_code
        == 302
    )
    row.refresh_from_db()
    assert (row.rank, row.secret(), row.failures) == (3, "sk-0123456789abcdef", 7)
    boss.post(change, same | {"base_url": "http://judge.lan/v1", "secret": "sk-another-0123456789"})
    row.refresh_from_db()
    assert (row.secret(), row.failures) == ("sk-another-0123456789", 0)
