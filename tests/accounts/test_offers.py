"""Models as rows: what the database refuses, what the seed leaves alone, and how the rows came out of JSON."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from pytest_django import Settings

from generation.accounts import routing, seed
from generation.models import Account, LocalWeights, Offer, find_card
from generation.models.offer import columns_of
from generation.models.weights import columns_of_place
from generation.orders.maker import default_model
from generation.providers import registry
from generation.spec import LocalModel, Lora, ModelCard, ModeSettings
from generation.work import presence
from tests.easel import Easel
from tests.offers import place

PIN = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def folders(settings: Settings, tmp_path: Path) -> Settings:
    """Nothing is configured, as in a new hub."""
    settings.Z_IMAGE_FOLDER = settings.Z_IMAGE_REVISION = ""
    settings.Z_IMAGE_TURBO_FOLDER = settings.Z_IMAGE_TURBO_REVISION = ""
    settings.LIUJUAN_WEIGHTS = []
    return settings


def seeded(alias: str) -> Offer:
    seed.seed_local_provider()
    return Offer.objects.get(alias=alias)


def read_rows() -> list[Any]:
    rows = (Offer, LocalWeights)
    return [list(model._default_manager.order_by("pk").values()) for model in rows]


def offered() -> set[str]:
    seed.seed_local_provider()
    return set(routing.list_models())


def test_row_gives_back_the_card_that_was_written_into_it(stub: Account) -> None:
    card = ModelCard(
        alias="all",
        media_types=("image", "video"),
        local=LocalModel(
            folder="Tongyi-MAI/Z-Image",
            revision=PIN,
            weights=("/a.safetensors", "/b.safetensors"),
            loras=(Lora("sketch", "/s.safetensors", 0.8, is_usual=True),),
        ),
        vendor_model="all-2026-05",
        unsupported=("seed", "steps"),
        sizes=((512, 512), (768, 512)),
        default_steps=9,
        fast=ModeSettings(4, 0.0, 512, 512),
        fine=ModeSettings(20, 3.5, 768, 512),
        usd_per_picture=0.0025,
    )
    assert card.local
    offer = Offer.objects.create(account=stub, alias="all", **columns_of(card))
    assert find_card(stub.pk, "all") == replace(card, local=None)
    place(offer, **columns_of_place(card.local))
    assert find_card(stub.pk, "all") == card
    assert find_card(stub.pk, "all").loras == card.local.loras
    assert find_card(stub.pk, "gone") == ModelCard("gone")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("default_steps", "0"),
        ("default_steps", "51"),
        ("largest_steps", "1001"),
        ("fast_steps", "0"),
        ("fine_steps", "51"),
        ("default_cfg_scale", "-0.1"),
        ("default_cfg_scale", "20.1"),
        ("default_cfg_scale", "'NaN'"),
        ("largest_cfg_scale", "'NaN'"),
        ("largest_cfg_scale", "'Infinity'"),
        ("fine_cfg_scale", "21"),
        ("smallest_side", "0"),
        ("largest_side", "20000"),
        ("default_width", "2048"),
        ("default_width", "65"),
        ("default_height", "8"),
        ("fast_width", "64"),
        ("fine_height", "64"),
        ("longest_prompt", "0"),
        ("usd_per_picture", "-0.01"),
        ("usd_per_picture", "'NaN'"),
        ("usd_per_picture", "10001"),
        ("unsupported", """'["steps", "moods"]'"""),
        ("unsupported", """'{"steps": 1}'"""),
        ("revision", "'main'"),
        ("folder", "'Tongyi-MAI/Z-Image'"),
    ],
)
def test_database_refuses_what_can_never_be(stub: Account, column: str, value: str) -> None:
    place(stub.offers.get())
    is_place = column in {"revision", "folder"}
    table = "generation_localweights" if is_place else "generation_providermodel"
    sql = f"UPDATE {table} SET {column} = {value}"  # noqa: S608
    with pytest.raises(IntegrityError, match="model_"), transaction.atomic():
        connection.cursor().execute(sql)


def test_release_before_may_still_write_offers(stub: Account) -> None:
    """Its columns are there, and those that it does not know have defaults."""
    connection.cursor().execute(
        "CREATE TEMP TABLE one AS SELECT * FROM generation_providermodel;"
        "ALTER TABLE one DROP COLUMN vendor_model, DROP COLUMN unsupported, DROP COLUMN id;"
        "UPDATE one SET alias = 'older', folder = '/models/older'"
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM one")
        names = ", ".join(column.name for column in cursor.description)
        cursor.execute(
            f"INSERT INTO generation_providermodel ({names}) SELECT {names} FROM one"  # noqa: S608
        )
    card = find_card(stub.pk, "older")
    assert (card.vendor_model, card.unsupported, card.local) == ("", (), None)


def test_alias_is_one_model_of_a_provider(stub: Account) -> None:
    with pytest.raises(IntegrityError, match="model_of_provider"), transaction.atomic():
        stub.offers.create(alias="z-image-small")


@pytest.mark.django_db
class TestSeed:
    def test_new_hub_offers_the_small_model_and_describes_the_others(
        self, folders: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        # Rows are seeded by an image that has no weights.
        monkeypatch.setattr(seed, "OUTLINES", tmp_path / "outlines.safetensors")
        assert offered() == {"z-image-small", "z-image-small-outlines"}
        turbo, base, liujuan = (
            Offer.objects.get(alias=alias).card()
            for alias in ("z-image-turbo", "z-image", "liujuan")
        )
        assert (turbo.default_steps, turbo.default_cfg_scale, turbo.default_width) == (8, 0, 1024)
        assert (base.default_steps, base.fine.steps, base.default_cfg_scale) == (28, 50, 4)
        assert (liujuan.default_steps, liujuan.default_cfg_scale) == (12, 2)
        outlines = routing.choose("z-image-small-outlines")
        assert outlines
        assert outlines.card.local
        assert outlines.card.local.weights == (str(tmp_path / "outlines.safetensors"),)

    def test_models_are_offered_while_their_place_is_configured(self, folders: Settings) -> None:
        folders.Z_IMAGE_TURBO_FOLDER, folders.Z_IMAGE_TURBO_REVISION = "Tongyi-MAI/Turbo", PIN
        folders.LIUJUAN_WEIGHTS = ["/models/liujuan.safetensors"]
        assert {"z-image-turbo", "liujuan"} < offered()
        place_of = seeded("liujuan").local
        assert (place_of.folder, place_of.revision) == ("Tongyi-MAI/Turbo", PIN)
        assert place_of.weights == ["/models/liujuan.safetensors"]
        folders.Z_IMAGE_FOLDER = "/models/Z-Image"
        assert seeded("liujuan").local.folder == "/models/Z-Image"
        folders.Z_IMAGE_FOLDER = folders.Z_IMAGE_TURBO_FOLDER = folders.Z_IMAGE_TURBO_REVISION = ""
        assert not offered() & {"z-image", "z-image-turbo", "liujuan"}
        assert seeded("liujuan").local.folder == ""

    def test_seeding_again_changes_nothing(self, folders: Settings) -> None:
        folders.LOCAL_USD_PER_PICTURE = 0.0000014
        folders.Z_IMAGE_FOLDER = "/models/Z-Image"
        seed.seed_local_provider()
        before = read_rows()
        seed.seed_local_provider()
        assert read_rows() == before

    def test_what_nobody_changed_follows_the_release_and_what_staff_changed_stays(
        self, folders: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seed.seed_local_provider()
        Offer.objects.filter(alias="z-image").update(default_steps=30)
        for name in ("Z_IMAGE", "LIUJUAN"):
            newer = replace(getattr(seed, name), default_steps=40, largest_steps=60)
            monkeypatch.setattr(seed, name, newer)
        folders.LOCAL_USD_PER_PICTURE = 0.5
        staffs, ours = seeded("z-image"), seeded("liujuan")
        assert (staffs.default_steps, staffs.largest_steps) == (30, 100)
        assert staffs.usd_per_picture is not None
        assert float(staffs.usd_per_picture) == 0.5
        assert (ours.default_steps, ours.largest_steps) == (40, 60)

    def test_setting_decides_where_a_model_lies_and_staff_whether_it_is_offered(
        self, folders: Settings
    ) -> None:
        folders.Z_IMAGE_FOLDER = "/models/Z-Image"
        seed.seed_local_provider()
        Offer.objects.filter(alias="z-image").update(is_enabled=False)
        place(seeded("z-image"), folder="/elsewhere", weights=["/w.safetensors"])
        row = seeded("z-image")
        assert (row.local.folder, row.local.weights, row.is_enabled) == (
            "/models/Z-Image", ["/w.safetensors"], False
        )  # fmt: skip

    def test_place_that_staff_gave_stays_while_no_setting_names_one(
        self, folders: Settings
    ) -> None:
        seed.seed_local_provider()
        Offer.objects.filter(alias="z-image-turbo").update(is_enabled=True)
        loras = [{"name": "ink", "file": "/ink.safetensors", "scale": 1.0, "is_usual": False}]
        place(seeded("z-image-turbo"), folder="/models/Z-Image-Turbo", loras=loras)
        row = seeded("z-image-turbo")
        assert (row.local.folder, row.is_enabled) == ("/models/Z-Image-Turbo", True)
        assert row.local.loras == loras

    def test_model_that_staff_switched_off_stays_off_when_its_place_goes_and_comes(
        self, folders: Settings
    ) -> None:
        folders.Z_IMAGE_FOLDER = "/models/Z-Image"
        assert seeded("z-image").is_enabled
        Offer.objects.filter(alias="z-image").update(is_enabled=False)
        for folder in ("/models/Z-Image", "", "/models/Z-Image"):
            folders.Z_IMAGE_FOLDER = folder
            row = seeded("z-image")
            assert (row.local.folder, row.is_enabled) == (folder, False)
        # Once staff offer it again it comes and goes with its place.
        Offer.objects.filter(alias="z-image").update(is_enabled=True)
        for folder in ("", "/models/Z-Image"):
            folders.Z_IMAGE_FOLDER = folder
            assert seeded("z-image").is_enabled == bool(folder)

    def test_numbers_that_staff_changed_stay_when_the_release_changes_to_them_and_on(
        self, folders: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seed.seed_local_provider()
        Offer.objects.filter(alias="z-image").update(default_steps=30)
        for steps in (30, 40):
            monkeypatch.setattr(seed, "Z_IMAGE", replace(seed.Z_IMAGE, default_steps=steps))
            assert seeded("z-image").default_steps == 30

    def test_column_of_a_newer_release_is_taken_up_unless_staff_changed_its_part(
        self, folders: Settings, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        for row in (seeded("z-image"), seeded("liujuan")):
            del row.seeded["longest_prompt"]
            row.save()
        Offer.objects.filter(alias="liujuan").update(default_steps=13)
        for name in ("Z_IMAGE", "LIUJUAN"):
            newer = replace(getattr(seed, name), longest_prompt=77)
            monkeypatch.setattr(seed, name, newer)
        assert seeded("z-image").longest_prompt == 77
        assert seeded("liujuan").longest_prompt == ModelCard("").longest_prompt
        Offer.objects.filter(alias="liujuan").update(default_steps=12)
        assert seeded("liujuan").longest_prompt == 77

    def test_default_model_is_the_one_that_was_said(self, folders: Settings) -> None:
        folders.DEFAULT_MODEL = "z-image-small"
        folders.Z_IMAGE_FOLDER = "/models/Z-Image"
        seed.seed_local_provider()
        assert default_model() == "z-image-small"
        Offer.objects.filter(alias="z-image-small").update(is_enabled=False)
        # Offered or not: another one would be a guess.
        assert default_model() == "z-image-small"


def test_workers_warm_up_the_default_model_of_their_queues(
    stub: Account, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    warmed: list[str] = []
    monkeypatch.setattr(Easel, "warm", lambda self, card: warmed.append(card.alias))
    monkeypatch.setitem(registry.ADAPTERS, "easel", "tests.easel.Easel")
    Account.objects.update(adapter="easel")
    stub.offers.create(alias="a-first")
    other = Account.objects.create(alias="other", adapter="easel", queue="remote")
    other.offers.create(alias="b-other")
    asleep = Account.objects.create(alias="asleep", adapter="easel", queue="local")
    asleep.offers.create(alias="c-asleep", is_enabled=False)
    settings.DEFAULT_MODEL = "z-image-small"
    presence.warm_up(["local"])
    assert warmed == ["z-image-small"]
    stub.offers.filter(alias="z-image-small").update(is_enabled=False)
    presence.warm_up(["local", "remote"])
    assert sorted(warmed[1:]) == ["a-first", "b-other"]


def test_only_workers_for_vendors_load_what_counts_prompts(
    stub: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To load it stops every thread for a second; the first picture shall not wait for that."""
    loaded: list[str] = []
    monkeypatch.setattr(presence, "find_tokenizer", lambda: loaded.append("tokenizer"))
    monkeypatch.setattr(Easel, "warm", lambda self, card: None)
    monkeypatch.setitem(registry.ADAPTERS, "easel", "tests.easel.Easel")
    vendor = Account.objects.create(alias="vendor", adapter="stub", queue="remote")
    vendor.offers.create(alias="a-vendors")
    Account.objects.filter(pk=stub.pk).update(adapter="easel")
    presence.warm_up(["local"])
    assert loaded == []
    presence.warm_up(["local", "remote"])
    assert loaded == ["tokenizer"]
