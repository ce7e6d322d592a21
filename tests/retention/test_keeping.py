"""How long each platform's data is kept: files and words go at its own ages, rows and money stay as they were."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.db.models.functions import Now
from django.test import Client
from rest_framework.test import APIClient

from generation.models import Finding, Output, Task, TaskText
from generation.work.run import run_queue
from genhub.lib.ids import to_wire
from genhub.platforms.models import Platform
from genhub.retention import turns
from genhub.retention.models import Keeping, LegalHold
from genhub.retention.reports import weigh_rules
from genhub.retention.rules import Gone, Rule, list_rules
from genhub.users.models import User
from genhub.webhooks.models import Message
from storage.models import Artifact, DirectUpload, ShareLink, UploadFolder
from storage.services import copy_artifacts, folder_of, list_names
from storage.withholding import withhold
from tests.admin.conftest import hire
from tests.kept import NONE, delete, rule_of
from tests.retention.test_rules import let_pass, take
from tests.steps import submit
from tests.storage.conftest import local

__all__ = ["hire", "local"]
pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("stub", "local", "right_books")]
PICTURES = ("outputs", "edits", "uploads")


def keep(platform: Platform, **days: int) -> None:
    Keeping.objects.update_or_create(platform=platform, defaults=days)


def make(client: APIClient, **words: Any) -> Task:
    task = submit(client, **words)
    run_queue("local")
    return task


def picture_of(task: Task) -> Artifact:
    found = Output.objects.select_related("artifact").get(task=task).artifact
    assert found
    return found


def read(client: APIClient, task: Task) -> Any:
    return client.get(f"/api/v1/tasks/{to_wire('task', task.pk)}").json()


def move_to(row: Any, platform: Platform) -> None:
    type(row).objects.filter(pk=row.pk).update(platform=platform)


def carry_out(name: str) -> Gone:
    return turns.carry_out(rule_of(name))[0]


def test_outputs_go_at_the_age_of_their_own_platform(
    alice: APIClient, shop: Platform, settings: Any
) -> None:
    other = Platform.objects.create(code="other", name="Other")
    old, there, young = (make(alice, seed=seed) for seed in (1, 2, 3))
    pictures = [picture_of(task) for task in (old, there, young)]
    move_to(pictures[1], other)
    let_pass(Artifact, 8)
    Artifact.objects.filter(pk=pictures[2].pk).update(created_at=Now())
    assert carry_out("outputs") == Gone(), "nobody said so"
    keep(shop, outputs=7)
    assert weigh_rules()["outputs"].rows == 1
    assert carry_out("outputs") == Gone(rows=1)
    # Its files, which nothing else names, go with the sweep.
    assert list_names(folder_of(pictures[0].key))
    assert delete("upload_files").files == 2
    assert [bool(list_names(folder_of(one.key))) for one in pictures] == [False, True, True]
    told = read(alice, old)
    assert (told["status"], told["result"]["count"]) == ("completed", 0)
    assert [error["code"] for error in told["result"]["errors"]] == ["file_deleted"]
    wire_id = to_wire("art", pictures[0].pk)
    for address in ("", "/thumbnail"):
        assert alice.get(f"/api/v1/artifacts/{wire_id}{address}").status_code == 404
    refused = alice.post("/api/v1/generate", {"prompt": "x", "image": wire_id}, format="json")
    assert refused.status_code == 400
    # The same order is drawn again.
    assert read(alice, make(alice, seed=1))["cached"] is False
    # 0 is for ever, whatever is usual.
    settings.KEEP_DAYS = {**settings.KEEP_DAYS, "outputs": 7}
    keep(other, outputs=0)
    assert carry_out("outputs") == Gone()
    Keeping.objects.filter(platform=other).update(outputs=None)
    assert carry_out("outputs") == Gone(rows=1)


def test_file_of_several_orders_goes_with_the_last(alice: APIClient, shop: Platform) -> None:
    picture = picture_of(make(alice))
    [copy] = copy_artifacts([picture], platform_id=shop.pk, user="alice")
    let_pass(Artifact, 8)
    copy.save(force_insert=True)
    keep(shop, outputs=7)
    assert carry_out("outputs") == Gone(rows=1)
    assert delete("upload_files").files == 0
    assert alice.get(f"/api/v1/artifacts/{to_wire('art', copy.pk)}").status_code == 302
    let_pass(Artifact, 8)
    assert carry_out("outputs") == Gone(rows=1)
    assert delete("upload_files").files == 2
    assert not UploadFolder.objects.exists()


def test_picture_stays_while_an_order_under_way_starts_from_it(
    alice: APIClient, shop: Platform
) -> None:
    upload = take(shop)
    task = submit(alice, image=to_wire("art", upload.pk), width=32, height=32)
    assert delete("uploads", NONE) == Gone()
    run_queue("local")
    task.refresh_from_db()
    assert task.state == "completed"
    assert delete("uploads", NONE) == Gone(rows=1)


def test_words_of_ended_orders_go_and_the_rest_stays(alice: APIClient, shop: Platform) -> None:
    task = make(
        alice, prompt="a secret", negative_prompt="rain", metadata={"who": "me"}, subject="s"
    )
    live = submit(alice, prompt="another")
    keep(shop, prompts=30)
    let_pass(Task, 31, "created_at")
    before = read(alice, task)
    assert carry_out("prompts") == Gone(rows=1)
    told = read(alice, task)
    changed = {name for name in told if told[name] != before[name]}
    # Nothing follows an order of which nobody knows what it said.
    assert changed == {"prompt", "metadata", "subject", "follow_ups", "result"}
    pairs = zip(told["result"]["images"], before["result"]["images"], strict=True)
    for now, then in pairs:
        # What a picture is called comes from its prompt.
        assert {name for name in now if now[name] != then[name]} == {"alt", "caption"}
        assert "secret" in then["alt"]
        assert "secret" not in f"{now['alt']} {now['caption']}"
    assert (told["prompt"], told["metadata"], told["subject"]) == ("", {}, None)
    row = Task.objects.get(pk=task.pk)
    assert "secret" not in str(row.spec)
    assert not TaskText.objects.filter(task=task).exists()
    assert read(alice, live)["prompt"] == "another"
    refused = alice.post(f"/api/v1/tasks/{told['id']}/refine", {}, format="json")
    assert refused.json()["errors"][0]["code"] == "prompt_deleted"
    assert carry_out("prompts") == Gone()


def test_withheld_pictures_stay_until_staff_have_decided(alice: APIClient, shop: Platform) -> None:
    task = make(alice)
    picture = picture_of(task)
    withhold(picture.key)
    finding = Finding.objects.create(
        platform=shop,
        user="alice",
        task=task,
        artifact=picture,
        source="service",
        outcome="blocked",
    )
    keep(shop, withheld=30)
    let_pass(Artifact, 31, "withheld_at")
    assert carry_out("withheld") == Gone()
    boss = User.objects.create_user("boss")
    Finding.objects.filter(pk=finding.pk).update(
        state="kept", decided_by=boss, decided_at=Now(), reason="It shows what it must not."
    )
    assert carry_out("withheld") == Gone(rows=1)
    assert delete("upload_files", NONE).files == 2


def fill(alice: APIClient, shop: Platform) -> None:
    """Let there be something old for each rule that has an owner."""
    used = take(shop, key="used")
    task = make(alice, image=to_wire("art", used.pk), width=32, height=32, subject="s")
    url = f"/api/v1/artifacts/{to_wire('art', picture_of(task).pk)}"
    crop = {"action": "crop", "width": 16, "height": 16}
    assert alice.post(f"{url}/edits", {"operations": [crop]}, format="json").status_code == 201
    assert alice.post(f"{url}/links", {}, format="json").status_code == 201
    ShareLink.objects.update(expires_at=Now())
    take(shop, key="unused")
    hidden = make(alice, seed=9)
    withhold(picture_of(hidden).key)
    Finding.objects.create(platform=shop, user="alice", source="term", outcome="refused")
    Message.objects.create(platform=shop, type="webhook.test", payload="{}")
    UploadFolder.objects.create(folder="uploads/left/", platform=shop, user="alice")
    DirectUpload.objects.create(
        platform=shop, user="alice", content_type="image/png", size_bytes=1, expires_at=Now()
    )


def test_nothing_goes_that_lies_under_a_hold(alice: APIClient, shop: Platform) -> None:
    fill(alice, shop)
    owned = [rule for rule in list_rules() if rule.owner]

    def find_going() -> set[str]:
        return {rule.name for rule in owned if old(rule).exists()}

    def old(rule: Rule) -> Any:
        return replace(rule, margin=NONE).find_old(NONE)

    everything = {rule.name for rule in owned} - {"attempt_files"}
    assert find_going() >= everything
    boss = User.objects.create_user("boss")
    for user, held in (("bob", False), ("alice", True), ("", True)):
        hold = LegalHold.objects.create(
            platform=shop, user=user, reason="A court asks.", laid_by=boss
        )
        # Nobody knows of which user a message tells.
        expected = set() if held else everything - {"webhook_messages"}
        assert find_going() == expected, user
        before = {model: model._default_manager.count() for model in (Artifact, UploadFolder)}
        if held:
            assert {rule.name for rule in owned if delete(rule.name, NONE)} == set()
            assert {m: m._default_manager.count() for m in before} == before
        LegalHold.objects.filter(pk=hold.pk).update(
            lifted_at=Now(), lifted_by=boss, lifted_why="It is over."
        )
    assert {rule.name for rule in owned if delete(rule.name, NONE)} >= set(PICTURES)


def test_staff_lay_and_lift_holds_with_a_reason(
    hire: Callable[..., Client], shop: Platform
) -> None:
    page = "/admin/retention/legalhold/"
    lay = f"{page}lay/"
    assert hire("retention.view_legalhold", name="eve").get(lay).status_code == 403
    client = hire("retention.view_legalhold", "retention.lay_holds", "platforms.view_platform")
    words = {"platform": str(shop.pk), "user": "alice", "reason": "short"}
    assert client.post(lay, words).status_code == 200
    assert not LegalHold.objects.exists()
    client.post(lay, words | {"reason": "A court asks for it."})
    hold = LegalHold.objects.get()
    assert (hold.user, hold.laid_by.username, hold.lifted_at) == ("alice", "dave", None)
    text = client.get(page).content.decode()
    assert "nothing is deleted" in text
    assert "A court asks for it." in text
    lift = f"{page}{hold.pk}/lift/"
    for _ in range(2):
        client.post(lift, {"reason": "The court has it now."})
    hold.refresh_from_db()
    assert hold.lifted_why == "The court has it now."
    assert client.get(f"{page}{hold.pk}/change/").status_code == 200
    assert client.get(f"{page}{uuid.uuid4()}/lift/").status_code == 404


def test_staff_see_what_new_days_delete_before_they_count(
    hire: Callable[..., Client], alice: APIClient, shop: Platform
) -> None:
    make(alice)
    let_pass(Artifact, 8)
    page = "/admin/retention/keeping/"
    assert hire(name="eve").get(page).status_code == 403
    client = hire("retention.view_keeping", "retention.add_keeping", "retention.change_keeping")
    words = {"platform": str(shop.pk), "outputs": "7", "edits": "0"}
    shown = client.post(f"{page}add/", words)
    assert not Keeping.objects.exists()
    text = shown.content.decode()
    assert "Generated pictures and clips: 1 row · 2 files" in text
    agreed = shown.context["adminform"].form["agreed"].value()
    # What was shown is no longer what goes.
    make(alice, seed=5)
    let_pass(Artifact, 8)
    shown = client.post(f"{page}add/", words | {"agreed": agreed})
    assert "2 rows · 4 files" in shown.content.decode()
    assert not Keeping.objects.exists()
    agreed = shown.context["adminform"].form["agreed"].value()
    assert client.post(f"{page}add/", words | {"agreed": agreed}).status_code == 302
    row = Keeping.objects.get()
    assert (row.outputs, row.edits, row.prompts) == (7, 0, None)
    client.cookies["django_language"] = "zh-hans"
    listed = client.get(page).content.decode()
    for said in ("7 天", "永久", "与默认相同"):
        assert said in listed
