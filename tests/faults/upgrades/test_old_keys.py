"""Keys that an older release kept go on to mean what they meant; so they do where that release is put back."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.migrations.executor import MigrationExecutor
from rest_framework.test import APIClient

from generation.models import Task
from genhub.platforms.idempotency import Scope
from genhub.platforms.models import IdempotencyKey, Platform
from storage.models import Artifact
from tests.api.refusals import check_problem
from tests.api.test_idempotency import submit
from tests.api.test_upload_keys import OTHER, PICTURE, send
from tests.kept import NONE, delete
from tests.storage.conftest import local

__all__ = ["local"]
pytestmark = pytest.mark.django_db(transaction=True)
BEFORE = [
    ("generation", "0012_accounts_and_offers"),
    ("storage", "0003_upload_folders"),
    ("platforms", "0003_most_under_way"),
]


@pytest.fixture
def migrate(transactional_db: None) -> Iterator[Callable[[bool], Any]]:
    """Go back to the tables of the release before (its models are returned), or on to those of this one."""

    def go(is_back: bool) -> Any:
        executor = MigrationExecutor(connection)
        targets = BEFORE if is_back else executor.loader.graph.leaf_nodes()
        executor.migrate(targets)
        return MigrationExecutor(connection).loader.project_state(targets).apps

    yield go
    go(False)


def test_old_keys_and_inputs_are_known_before_and_after(
    migrate: Callable[[bool], Any], alice: APIClient, stub: Any, shop: Platform, local: Any
) -> None:
    picture = send(alice, PICTURE, "k").json()["id"]
    unused = send(alice, OTHER, "unused").json()["id"]
    task = submit(alice, "k", image=picture).json()["id"]
    Artifact.objects.update(used_at=None)

    old = migrate(True)
    assert old.get_model("generation", "IdempotencyKey").objects.get().task_id == (
        Task.objects.values_list("pk", flat=True).get()
    )
    keys = old.get_model("storage", "UploadKey").objects
    assert set(keys.values_list("key", flat=True)) == {"k", "unused"}

    migrate(False)
    assert set(IdempotencyKey.objects.values_list("scope", "key")) == {
        (Scope.ORDER, "k"), (Scope.UPLOAD, "k"), (Scope.UPLOAD, "unused"),
    }  # fmt: skip
    assert submit(alice, "k", image=picture).json()["id"] == task
    check_problem(submit(alice, "k", prompt="a circle"), 422, "idempotency_key_reused")
    assert send(alice, PICTURE, "k").json()["id"] == picture
    check_problem(send(alice, OTHER, "k"), 422, "idempotency_key_reused")
    # What an order named before is known to be used, and the leftover table holds up no deletion.
    assert delete("unused_uploads", NONE).rows == 1
    assert f"art_{Artifact.objects.get().pk.hex}" == picture != unused

    keys = migrate(True).get_model("storage", "UploadKey").objects
    assert set(keys.values_list("key", flat=True)) == {"k"}

    # A platform that is gone since, with all that was its, does not keep the release before from being put back.
    migrate(False)
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "DELETE FROM generation_task; DELETE FROM storage_artifact; DELETE FROM platforms_platform"
        )
        cursor.execute("DELETE FROM platforms_idempotencykey")
    back = migrate(True)
    assert not back.get_model("generation", "IdempotencyKey").objects.exists()
    assert not back.get_model("storage", "UploadKey").objects.exists()
