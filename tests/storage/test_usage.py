"""How much is stored for each platform: exact after each change, whoever adds it up, and what a quota refuses."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.db.models import Sum
from django.test import Client
from rest_framework.test import APIClient

from credits.models import Transfer
from generation.models import Task
from generation.work.run import run_queue
from genhub.lib.ids import to_wire
from genhub.platforms.models import Platform
from storage import usage
from storage.models import Artifact, StorageUse, StorageUseStep
from storage.services import copy_artifacts
from tests.admin.conftest import hire
from tests.api.refusals import check_problem, nothing_moves
from tests.api.test_keys import PIXEL
from tests.kept import NONE, delete
from tests.retention.test_rules import take
from tests.steps import submit
from tests.storage.conftest import local

__all__ = ["hire", "local"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("stub", "local")]


def counted(shop: Platform) -> dict[str, tuple[int, int]]:
    return {use.kind: (use.files, use.size_bytes) for use in usage.read_use(shop.pk)}


def there_is(shop: Platform) -> dict[str, tuple[int, int]]:
    found: dict[str, tuple[int, int]] = {}
    for row in Artifact.objects.filter(platform=shop, gone_at=None):
        kind = row.key.partition("/")[0]
        files, size_bytes = found.get(kind, (0, 0))
        found[kind] = files + 1, size_bytes + row.size_bytes
    return found


def agree(shop: Platform) -> None:
    """What is counted is what there is; of a kind that has gone nothing is counted."""
    assert {kind: use for kind, use in counted(shop).items() if use != (0, 0)} == there_is(shop)


def test_use_is_exact_after_each_change(alice: APIClient, shop: Platform) -> None:
    upload = take(shop)
    agree(shop)
    submit(alice, num_images=2, image=to_wire("art", upload.pk), width=32, height=32)
    run_queue("local")
    agree(shop)
    assert counted(shop)["outputs"][0] == 2
    url = f"/api/v1/artifacts/{to_wire('art', upload.pk)}"
    crop = {"action": "crop", "width": 16, "height": 16}
    assert alice.post(f"{url}/edits", {"operations": [crop]}, format="json").status_code == 201
    picture = Artifact.objects.filter(output__isnull=False).first()
    assert picture
    [copy] = copy_artifacts([picture], platform_id=shop.pk, user="bob")
    copy.save(force_insert=True)
    agree(shop)
    usage.add_up_use()
    assert not StorageUseStep.objects.exists()
    agree(shop)
    unused = take(shop)
    assert delete("unused_uploads", NONE).rows == 1
    assert not Artifact.objects.filter(pk=unused.pk).exists()
    for kind in ("outputs", "edits", "uploads"):
        assert delete(kind, NONE).rows
        agree(shop)
    usage.add_up_use()
    assert {(row.files, row.size_bytes) for row in StorageUse.objects.all()} == {(0, 0)}


def test_reads_are_exact_while_others_add_up(shop: Platform) -> None:
    for number in range(6):
        take(shop, key=str(number))
    before = counted(shop)

    def add_up(_: int) -> list[dict[str, tuple[int, int]]]:
        try:
            seen = []
            for _turn in range(5):
                usage.add_up_use()
                seen.append(counted(shop))
            return seen
        finally:
            connections.close_all()

    with ThreadPoolExecutor(3) as pool:
        seen = [one for some in pool.map(add_up, range(3)) for one in some]
    assert seen == [before] * 15
    assert not StorageUseStep.objects.exists()
    total = StorageUse.objects.aggregate(all=Sum("size_bytes"))["all"]
    assert total == before["uploads"][1]


def test_full_quota_refuses_before_anything_is_drawn_or_charged(
    alice: APIClient, client_of: Callable[..., APIClient], shop: Platform
) -> None:
    upload = take(shop)
    wire_id = to_wire("art", upload.pk)
    earlier = alice.post(
        "/api/v1/generate", {"prompt": "a star"}, format="json", HTTP_IDEMPOTENCY_KEY="k"
    )
    Artifact.objects.filter(pk=upload.pk).update(size_bytes=usage.MIB)
    StorageUse.objects.create(platform=shop, kind="uploads", size_bytes=usage.MIB)
    Platform.objects.filter(pk=shop.pk).update(storage_quota_mib=1)
    transfers = Transfer.objects.count()
    crop = {"action": "crop", "width": 16, "height": 16}
    wishes: list[tuple[str, Any]] = [
        ("generate", {"prompt": "a star"}),
        ("batches", {"orders": [{"prompt": "a star"}]}),
        (f"artifacts/{wire_id}/edits", {"operations": [crop]}),
        ("uploads", {"content_type": "image/png", "size_bytes": 69}),
    ]
    with nothing_moves():
        for address, body in wishes:
            answer = alice.post(f"/api/v1/{address}", body, format="json")
            check_problem(answer, 507, "storage_full")
        answer = alice.post("/api/v1/artifacts", PIXEL, content_type="image/png")
        check_problem(answer, 507, "storage_full")
    assert "1 MiB" in answer.json()["detail"]
    assert (Task.objects.count(), Transfer.objects.count()) == (1, transfers)
    # What was taken before is still made, and answered again.
    again = alice.post(
        "/api/v1/generate", {"prompt": "a star"}, format="json", HTTP_IDEMPOTENCY_KEY="k"
    )
    assert again.json()["id"] == earlier.json()["id"]
    run_queue("local")
    assert Task.objects.get().state == "completed"
    told = client_of("").get("/api/v1/storage").json()
    assert told["quota_bytes"] == usage.MIB
    assert told["used_bytes"] == sum(kind["bytes"] for kind in told["kinds"]) > usage.MIB
    assert [kind["kind"] for kind in told["kinds"]] == ["outputs", "edits", "uploads"]
    check_problem(alice.get("/api/v1/storage"), 403, "platform_key_needed")
    Platform.objects.filter(pk=shop.pk).update(storage_quota_mib=None)
    assert alice.post("/api/v1/generate", {"prompt": "x"}, format="json").status_code == 202


def test_announced_upload_must_fit(alice: APIClient, shop: Platform) -> None:
    Platform.objects.filter(pk=shop.pk).update(storage_quota_mib=1)
    words = {"content_type": "image/png", "size_bytes": usage.MIB + 1}
    check_problem(alice.post("/api/v1/uploads", words, format="json"), 507, "storage_full")
    words["size_bytes"] = usage.MIB
    assert alice.post("/api/v1/uploads", words, format="json").status_code == 201


def test_staff_and_metrics_see_what_is_used(
    hire: Callable[..., Client], shop: Platform, settings: Any
) -> None:
    upload = take(shop)
    Platform.objects.filter(pk=shop.pk).update(storage_quota_mib=5)
    page = "/admin/storage/storageuse/"
    assert hire(name="eve").get(page).status_code == 403
    client = hire("storage.view_storageuse")
    usage.add_up_use()
    take(shop)
    text = client.get(page).content.decode()
    for said in ("uploaded pictures", "2 files", "of 5 MiB"):
        assert said in text
    Artifact.objects.exclude(pk=upload.pk).delete()
    told = client.get("/metrics").content.decode()
    assert (
        f'genhub_storage_bytes{{kind="uploads",platform="shop"}} {float(upload.size_bytes)}' in told
    )
    assert 'genhub_storage_files{kind="uploads",platform="shop"} 1.0' in told
    assert 'genhub_storage_quota_bytes{platform="shop"} 5.24288e+06' in told
