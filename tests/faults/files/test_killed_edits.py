"""A process that is killed in the middle of an edit: nothing is paid, no half picture is seen, and no file stays."""

from collections.abc import Callable
from pathlib import Path

import pytest
from rest_framework.test import APIClient

from credits.models import PriceRule, Purse
from genhub.lib.ids import to_wire
from genhub.platforms.models import Platform
from storage.models import Artifact, Edit, UploadFolder
from storage.services import list_names
from tests.books import find_mistakes
from tests.faults.test_leftovers import be_killed
from tests.kept import NONE, sweep_files
from tests.retention.test_rules import take

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("processes")]


@pytest.mark.parametrize(("place", "files"), [("drawn", 0), ("half stored", 1), ("stored", 2)])
def test_killed_edit_leaves_nothing_and_may_be_said_again(
    client_of: Callable[..., APIClient],
    rich: Callable[..., Purse],
    shop: Platform,
    tmp_path: Path,
    place: str,
    files: int,
) -> None:
    PriceRule.objects.create(name="Edits", media_type="edit", amount=3)
    purse = rich("carol", 100)
    parent = take(shop, user="carol")
    be_killed(tmp_path / "log", "edit", str(parent.pk), place)
    folders = list(UploadFolder.objects.values_list("folder", flat=True))
    assert sum(len(list_names(folder)) for folder in folders) == files
    assert len(folders) == bool(files)
    assert list(Artifact.objects.all()) == [parent]
    assert sweep_files(NONE) == files
    assert not UploadFolder.objects.exists()
    purse.refresh_from_db()
    assert (purse.available, purse.held) == (100, 0)
    body = {"operations": [{"action": "flip", "direction": "horizontal"}]}
    address = f"/api/v1/artifacts/{to_wire('art', parent.pk)}/edits"
    answer = client_of("carol").post(address, body, format="json")
    assert answer.status_code == 201, answer.json()
    assert Edit.objects.get().parent == parent
    purse.refresh_from_db()
    assert (purse.available, purse.held) == (97, 0)
    assert find_mistakes() == []
