"""Rows that got other names: staff keep the rights that they had to them."""

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from genhub.users.models import User

BEFORE, AFTER = ("generation", "0011_output_params"), ("generation", "0012_accounts_and_offers")


@pytest.fixture
def older(transactional_db: None) -> Iterator[None]:
    """The tables as the release before had them; afterwards as they are."""
    leaves = MigrationExecutor(connection).loader.graph.leaf_nodes()
    MigrationExecutor(connection).migrate([BEFORE])
    ContentType.objects.clear_cache()
    yield
    MigrationExecutor(connection).migrate(leaves)
    ContentType.objects.clear_cache()


def test_staff_keep_their_rights_to_accounts_and_offers(older: None) -> None:
    switch, read = (
        Permission.objects.get(content_type__app_label="generation", codename=codename)
        for codename in ("change_provider", "view_providermodel")
    )
    person = User.objects.create_user("fay", is_staff=True)
    person.user_permissions.add(switch, read)
    # Made by a process of the new release that looked before the migration had come this far.
    Permission.objects.create(
        content_type=switch.content_type, codename="change_account", name="early"
    )
    MigrationExecutor(connection).migrate([AFTER])
    ContentType.objects.clear_cache()
    found = User.objects.get(pk=person.pk).get_all_permissions()
    assert found == {"generation.change_account", "generation.view_offer"}
