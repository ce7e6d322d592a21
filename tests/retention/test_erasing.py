"""Delete my data: nothing of the user is left in any table or file, the books are right, and a receipt says so."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection
from django.test import Client
from rest_framework.test import APIClient

from credits import ledger
from credits.models import Purse
from generation.models import Finding, Task
from generation.work.run import run_queue
from genhub.lib.ids import to_wire
from genhub.platforms.models import ApiKey, Platform, usual_scopes
from genhub.retention import erasing, holds
from genhub.retention.models import Erasure
from genhub.retention.rules import Gone
from genhub.users.models import User
from storage import descriptions
from storage.models import Artifact
from storage.services import copy_artifacts
from tests.admin.conftest import hire
from tests.books import find_mistakes
from tests.conftest import WHY
from tests.retention.test_keeping import make
from tests.retention.test_rules import list_files, take
from tests.steps import submit
from tests.storage.conftest import local

__all__ = ["hire", "local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "right_books")]
USER, SECRET = "zq-canary", "zq-secret"
ERASURES, VERIFY = "/api/v1/me/erasures", "/api/v1/receipts/verify"


@pytest.fixture
def canary(client_of: Callable[..., APIClient], rich: Callable[..., Purse]) -> APIClient:
    """A user with something in each place where the hub keeps what users say."""
    ledger.grant(rich(USER, 0).pk, 200, key="a letter", why=WHY)
    return client_of(USER, scopes=[*usual_scopes(), "data:erase"])


@pytest.fixture
def app(client_of: Callable[..., APIClient]) -> APIClient:
    """The platform's own key."""
    return client_of("", scopes=[*usual_scopes(), "data:erase"])


def fill(client: APIClient, shop: Platform, app: APIClient) -> list[Task]:
    """Leave traces everywhere."""
    said = {"prompt": f"{SECRET} star", "metadata": {"note": SECRET}, "subject": SECRET}
    upload = take(shop, user=USER, key=SECRET)
    done = make(
        client, **said, negative_prompt=SECRET, image=to_wire("art", upload.pk), width=64, height=64
    )
    drawn = Artifact.objects.get(output__task=done)
    assert descriptions.describe(drawn.pk, SECRET)
    url = f"/api/v1/artifacts/{to_wire('art', drawn.pk)}"
    write = {"action": "text", "text": SECRET, "font": "sans", "size": 8, "margin": 0}
    for address, body, status in (
        (f"{url}/edits", {"operations": [write]}, 201),
        (f"{url}/links", {"name": SECRET}, 201),
        ("/api/v1/uploads", {"content_type": "image/png", "size_bytes": 69}, 201),
        ("/api/v1/batches", {"orders": [{"prompt": SECRET}], "metadata": {"note": SECRET}}, 202),
        ("/api/v1/tokens", {"origins": ["https://a.example"], "max_credits": 5, "user": USER}, 201),
    ):
        speaker = app if "tokens" in address else client
        answer = speaker.post(
            address, body, format="json", HTTP_IDEMPOTENCY_KEY=SECRET + address[-5:]
        )
        assert answer.status_code == status, (address, answer.json())
    assert (
        client.put("/api/v1/me/preferences", {"negative_prompt": SECRET}, format="json").status_code
        == 200
    )
    Finding.objects.create(
        platform=shop, user=USER, text=SECRET, field="prompt", source="term", outcome="refused"
    )
    run_queue("local")
    return [done, submit(client, f"{SECRET} another")]


def find_traces(*words: str) -> set[str]:
    """Return the tables in which a row holds one of these words anywhere."""
    found = set()
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names():
            query = f'SELECT count(*) FROM "{name}" t WHERE t::text ~ %s'  # noqa: S608 (our own tables)
            cursor.execute(query, ["|".join(words)])
            if cursor.fetchone()[0]:
                found.add(name)
    return found


def erase(row: Erasure | None = None) -> Erasure:
    """Take turns until a wish is done or held."""
    for _ in range(5):
        erasing.erase_asked()
    row = row or Erasure.objects.get()
    row.refresh_from_db()
    return row


def test_nothing_of_a_user_is_left_and_the_receipt_says_so(
    canary: APIClient, app: APIClient, shop: Platform, local: Path, alice: APIClient
) -> None:
    before = list_files(local)
    others = take(shop, user="alice")
    tasks = fill(canary, shop, app)
    assert len(find_traces(USER, SECRET)) > 12
    asked = app.post(ERASURES, {"user": USER, "reason": "It closed its account."}, format="json")
    assert (asked.status_code, asked.json()["state"]) == (202, "asked"), asked.json()
    assert app.post(ERASURES, {"user": USER}, format="json").json()["id"] == asked.json()["id"]
    assert asked.json()["receipt"] is None

    row = erase()

    assert row.state == "done"
    assert find_traces(USER, SECRET) == set()
    kept = list_files(local) - before
    assert {name.partition("-")[0] for name in kept} == {others.key.partition("-")[0]}
    assert set(Task.objects.filter(pk__in=[task.pk for task in tasks]).values_list("state", flat=True)) == {
        "completed", "canceled"
    }  # fmt: skip
    assert find_mistakes() == []

    told = app.get(asked.json()["url"]).json()
    assert told["state"] == "done"
    gone = {part["name"]: part for part in told["deleted"]}
    assert set(gone) == {step.name for step in erasing.list_steps()} - {
        "credit_messages",
        "messages",
        "review_messages",
    }
    assert (gone["canceled_tasks"]["rows"], gone["pictures"]["rows"]) == (1, 4)
    assert gone["files"]["files"] == 8
    assert gone["files"]["bytes"] > 0
    verdict = app.post(VERIFY, {"receipt": told["receipt"]}, format="json").json()
    assert verdict["valid"] is True
    says = verdict["says"]
    assert says["user_sha256"] == hashlib.sha256(f"{told['id']}:{USER}".encode()).hexdigest()
    assert (says["deleted"], says["holds"]) == (told["deleted"], [])
    assert {one["name"] for one in says["kept"]} == {
        "transfers",
        "holds",
        "tasks",
        "file_facts",
        "api_keys",
    }
    assert all(one["why"] for one in says["kept"])
    head, body, signature = told["receipt"].split(".")
    for forged in (f"{head}.{body[:-4]}AAAA.{signature}", "a.b.c", head):
        verdict = app.post(VERIFY, {"receipt": forged}, format="json").json()
        assert verdict == {"valid": False, "says": None}

    # The user's own key ended; the same name is somebody new.
    assert canary.get("/api/v1/credits").status_code == 401
    assert app.get("/api/v1/credits", {"user": USER}).json()["available"] == 0
    assert app.get("/api/v1/tasks", {"user": USER}).json()["items"] == []
    again = app.post("/api/v1/generate", {"prompt": "a star", "user": USER}, format="json")
    assert again.status_code == 402


def test_legal_hold_keeps_all_until_it_is_lifted(
    canary: APIClient, app: APIClient, shop: Platform, local: Path
) -> None:
    fill(canary, shop, app)
    boss = User.objects.create_user("boss")
    hold = holds.lay(shop.pk, USER, reason="A court asks for it.", by=boss.pk)
    before = list_files(local), find_traces(SECRET)
    url = canary.post(ERASURES, {}, format="json").json()["url"]
    assert erase().state == "held"
    assert (list_files(local), find_traces(SECRET)) == before
    told = canary.get(url).json()
    says = app.post(VERIFY, {"receipt": told["receipt"]}, format="json").json()["says"]
    assert (says["state"], says["deleted"]) == ("held", [])
    assert [(one["id"], one["why"]) for one in says["holds"]] == [(str(hold), hold.reason)]
    holds.lift(hold.pk, reason="The court has it.", by=boss.pk)
    assert erase().state == "done"
    assert find_traces(USER, SECRET) == set()


def test_what_several_users_share_stays_for_the_others(
    canary: APIClient, alice: APIClient, shop: Platform, local: Path
) -> None:
    first = make(canary)
    picture = Artifact.objects.get()
    [copy] = copy_artifacts([picture], platform_id=shop.pk, user="alice")
    copy.save(force_insert=True)
    erasing.ask(shop.pk, USER, by="tests")
    row = erase()
    assert (row.state, row.deleted["files"]["files"]) == ("done", 0)
    assert alice.get(f"/api/v1/artifacts/{to_wire('art', copy.pk)}").status_code == 302
    first.refresh_from_db()
    assert first.user == erasing.name_alias(row)


def test_failing_step_is_told_and_the_next_turn_goes_on(
    canary: APIClient, app: APIClient, shop: Platform, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(canary, shop, app)
    row = erasing.ask(shop.pk, USER, by="tests")

    def fail(*_: Any, **__: Any) -> Gone:
        raise OSError("the store is away")

    with monkeypatch.context() as patch:
        patch.setattr("storage.erasing.delete_unnamed", fail)
        for _ in range(2):
            with pytest.raises(OSError, match="away"):
                erasing.erase_asked()
    row.refresh_from_db()
    assert (row.state, bool(row.failing_since)) == ("working", True)
    assert row.deleted["pictures"]["rows"] == 4
    row = erase(row)
    assert (row.state, row.failing_since) == ("done", None)
    assert row.deleted["files"]["files"] == 8
    assert find_traces(USER, SECRET) == set()


def test_order_that_comes_at_the_last_moment_is_refused_or_waited_for(
    canary: APIClient, shop: Platform, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    purse = Purse.objects.get(user=USER)
    row = erasing.ask(shop.pk, USER, by="tests")
    end = erasing.end

    def order_and_end(*words: Any) -> None:
        monkeypatch.setattr(erasing, "end", end)
        submit(canary, SECRET)
        end(*words)

    monkeypatch.setattr(erasing, "end", order_and_end)
    erasing.erase_asked()
    row.refresh_from_db()
    assert (row.state, Task.objects.get().state, Task.objects.get().user) == (
        "working",
        "pending",
        USER,
    )
    assert erase(row).state == "done"
    assert Task.objects.get().state == "canceled"
    purse.refresh_from_db()
    assert purse.erased_at
    # Who read the purse before its name changed holds nothing from it.
    Purse.objects.filter(pk=purse.pk).update(user="zq-late")
    client = APIClient()
    _, key = ApiKey.objects.issue(shop, name="late", user="zq-late")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {key}")
    refused = client.post("/api/v1/generate", {"prompt": "a star"}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "purse_erased")
    Purse.objects.filter(pk=purse.pk).update(user=erasing.name_alias(row))


def test_only_who_may_asks_and_only_of_their_own(
    canary: APIClient, app: APIClient, client_of: Callable[..., APIClient], shop: Platform
) -> None:
    usual = client_of("alice").post(ERASURES, {}, format="json")
    assert (usual.status_code, usual.json()["code"]) == (403, "scope_missing")
    assert canary.post(ERASURES, {"user": "alice"}, format="json").status_code == 403
    assert app.post(ERASURES, {}, format="json").json()["errors"][0]["field"] == "user"
    assert not Erasure.objects.exists()
    url = app.post(ERASURES, {"user": "alice"}, format="json").json()["url"]
    assert canary.get(url).status_code == 404
    other = Platform.objects.create(code="other", name="Other")
    stranger = client_of("", platform=other, scopes=["data:erase"])
    assert stranger.get(url).status_code == 404


def test_staff_have_a_user_deleted_and_watch(
    hire: Callable[..., Client], canary: APIClient, shop: Platform, local: Path
) -> None:
    make(canary, prompt=SECRET)
    page = "/admin/retention/erasure/"
    assert hire("retention.view_erasure", name="eve").get(f"{page}erase/").status_code == 403
    client = hire("retention.view_erasure", "retention.erase_users")
    words = {"platform": str(shop.pk), "user": USER, "reason": "The user asked by letter."}
    shown = client.post(f"{page}erase/", words).content.decode()
    assert "will be deleted for good" in shown
    assert not Erasure.objects.exists()
    client.post(f"{page}erase/", words | {"seen": "another"})
    assert not Erasure.objects.exists()
    client.post(f"{page}erase/", words | {"seen": USER})
    row = Erasure.objects.get()
    assert (row.asked_by, row.reason) == ("dave", words["reason"])
    erase(row)
    for language, said in (
        ("en", ("done", "Pictures and clips", "Books are kept")),
        ("zh-hans", ("已完成", "图片和视频", "账目须保留")),
    ):
        client.cookies["django_language"] = language
        text = client.get(f"{page}{row.pk}/change/").content.decode()
        assert [one for one in said if one not in text] == []
        assert USER not in text


def test_picture_that_comes_before_the_last_step_goes_too(
    shop: Platform, local: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(shop, user=USER)
    row = erasing.ask(shop.pk, USER, by="tests")
    end, before = erasing.end, list_files(local)

    def end_late(*words: Any) -> None:
        monkeypatch.setattr(erasing, "end", end)
        take(shop, user=USER)
        assert list_files(local)
        end(*words)

    monkeypatch.setattr(erasing, "end", end_late)
    erasing.erase_asked()
    row.refresh_from_db()
    assert (row.state, bool(before)) == (Erasure.State.WORKING, True)
    erasing.erase_asked()
    row.refresh_from_db()
    assert row.state == Erasure.State.DONE
    assert list_files(local) == set()
    assert row.deleted["pictures"]["rows"] == 2


def test_a_wish_beside_one_that_is_fulfilled_meanwhile_is_another(
    shop: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    save, first = Erasure.save, list[Erasure]()

    def save_late(row: Erasure, **words: Any) -> None:
        # Another one is first, and done before this one looks again.
        monkeypatch.setattr(Erasure, "save", save)
        first.append(erasing.ask(shop.pk, USER, by="other"))
        Erasure.objects.filter(pk=first[0].pk).update(state=Erasure.State.DONE)
        raise IntegrityError

    monkeypatch.setattr(Erasure, "save", save_late)
    second = erasing.ask(shop.pk, USER, by="tests")
    assert second.pk != first[0].pk
    assert second.state == Erasure.State.ASKED
