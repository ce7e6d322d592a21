"""A loop that is killed in the middle of a deletion leaves no row without its file, and no file that none will find."""

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now

from genhub.platforms.models import IdempotencyKey, Platform
from storage.models import Artifact, UploadFolder
from storage.services import folder_of, list_names
from tests.books import find_mistakes
from tests.faults.test_leftovers import be_killed
from tests.kept import delete
from tests.retention.test_rules import take

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]
UPLOADS = 3


@pytest.mark.parametrize(
    ("place", "rows", "files"),
    [
        # The bite is undone.
        ("before commit", UPLOADS, 2 * UPLOADS),
        # It is whole, and the rows say where the files lie.
        ("before files", 0, 2 * UPLOADS),
        ("between files", 0, 2 * UPLOADS - 1),
        ("after files", 0, 2 * UPLOADS - 2),
    ],
)
def test_killed_deletion_is_whole_or_undone_and_the_next_turn_ends_it(
    shop: Platform, tmp_path: Path, place: str, rows: int, files: int
) -> None:
    old = [take(shop, key=f"old-{number}") for number in range(UPLOADS)]
    young = take(shop, key="young")
    Artifact.objects.exclude(pk=young.pk).update(created_at=Now() - timedelta(days=31))

    be_killed(tmp_path / "log", "delete", place)

    assert Artifact.objects.exclude(pk=young.pk).count() == rows
    assert IdempotencyKey.objects.exclude(key="young").count() == rows
    lying = [name for upload in old for name in list_names(folder_of(upload.key))]
    assert len(lying) == files
    noted = set(UploadFolder.objects.values_list("folder", flat=True))
    for upload in old:
        has_row = Artifact.objects.filter(pk=upload.pk).exists()
        folder = folder_of(upload.key)
        if has_row:
            assert default_storage.exists(upload.key)
            assert default_storage.exists(upload.thumbnail_key)
        elif list_names(folder):
            assert folder in noted, "files that nobody would find"

    assert delete("unused_uploads").rows == rows
    assert delete("upload_files").files == files
    assert [name for upload in old for name in list_names(folder_of(upload.key))] == []
    assert not UploadFolder.objects.exists()
    assert Artifact.objects.get() == young
    assert default_storage.exists(young.key)
    assert IdempotencyKey.objects.get().key == "young"
    assert find_mistakes() == []
