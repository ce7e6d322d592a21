"""Vendors that the environment names have accounts, keys and models from the first preparation on; staff edit them."""

from dataclasses import replace
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from pytest_django import Settings

from generation.accounts import vendor_seed
from generation.accounts.costs import dearest_of, price_of
from generation.accounts.list_prices import suggest_prices
from generation.accounts.vendor_seed import seed_vendors
from generation.accounts.vendors import VENDORS, Vendor
from generation.models import Account, AccountKey, Offer
from generation.prices import read_prices
from generation.providers.base import Usage
from generation.providers.registry import ADAPTERS, find_class
from generation.spec import OPTIONS, GenerationSpec, ModelCard
from genhub.settings.vendors import Named, named_hosts, read_vendors

pytestmark = pytest.mark.django_db
ONE, TWO, THREE = "sk-one-0123456789-aaaa", "sk-two-0123456789-bbbb", "sk-three-0123456789-cccc"


def name(settings: Settings, *keys: str, **words: Any) -> None:
    settings.VENDORS = {"openai": Named("OPENAI_API_KEY", keys, **words)}


@pytest.fixture
def everything(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every adapter of the table is there; those that are not yet stand for nothing but their names."""
    for vendor in VENDORS:
        monkeypatch.setitem(ADAPTERS, vendor.adapter, ADAPTERS.get(vendor.adapter, ADAPTERS["openai"]))  # fmt: skip


def read_rows() -> list[Any]:
    return [list(model.objects.order_by("pk").values()) for model in (Account, Offer)]


def test_account_keys_and_models_come_from_the_environment(settings: Settings) -> None:
    name(settings, ONE, TWO)
    assert seed_vendors() == []
    account = Account.objects.get()
    assert (account.alias, account.adapter, account.queue, account.base_url) == ("openai", "openai", "remote", "")  # fmt: skip
    assert [key.secret() for key in account.keys.all()] == [ONE, TWO]
    assert {key.name for key in account.keys.all()} == {"OPENAI_API_KEY"}
    card = account.offers.get(alias="dall-e-3").card()
    assert card.vendor_model == "gpt-image-2.6-flare"
    assert card.sizes == ((1024, 1024), (1792, 1024), (1024, 1792))
    assert not card.takes("steps")
    assert card.takes("mask")


def test_seeding_again_changes_nothing_and_adds_what_is_new(settings: Settings) -> None:
    name(settings, ONE)
    seed_vendors()
    before, keys = read_rows(), list(AccountKey.objects.values())
    seed_vendors()
    assert read_rows() == before
    assert list(AccountKey.objects.values()) == keys
    name(settings, ONE, TWO)
    seed_vendors()
    assert [key.secret() for key in AccountKey.objects.all()] == [ONE, TWO]


def test_what_staff_changed_stays_and_the_rest_follows_the_release(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    name(settings, ONE)
    seed_vendors()
    Account.objects.update(base_url="https://relay.example.com/v1", weight=7, is_enabled=False)
    AccountKey.objects.update(is_enabled=False, name="ours")
    Offer.objects.filter(alias="gpt-image-2").update(usd_per_picture="0.2", is_enabled=False)
    [openai] = [vendor for vendor in VENDORS if vendor.alias == "openai"]
    newer = tuple(replace(card, vendor_model=f"{card.vendor_model}-b", usd_per_picture=0.5) for card in openai.cards)  # fmt: skip
    monkeypatch.setattr(vendor_seed, "VENDORS", [replace(openai, cards=newer)])
    seed_vendors()
    account = Account.objects.get()
    assert (account.base_url, account.weight, account.is_enabled) == ("https://relay.example.com/v1", 7, False)  # fmt: skip
    key = AccountKey.objects.get()
    assert (key.name, key.is_enabled) == ("ours", False)
    staffs, ours = (account.offers.get(alias=alias) for alias in ("gpt-image-2", "dall-e-3"))
    assert (staffs.usd_per_picture, staffs.is_enabled) == (Decimal("0.2"), False)
    assert staffs.vendor_model == "gpt-image-2-b"
    assert ours.usd_per_picture == Decimal("0.5")


@pytest.mark.parametrize("keys", [[], ["no key of Fernet's"]])
def test_without_a_key_of_the_hubs_own_nothing_is_made_and_it_is_told(
    settings: Settings, keys: list[str]
) -> None:
    name(settings, ONE)
    settings.ENCRYPTION_KEYS = keys
    errors = StringIO()
    call_command("seed", stderr=errors)
    assert "OPENAI_API_KEY is set, but its key cannot be kept: ENCRYPTION_KEYS" in errors.getvalue()
    assert ONE not in errors.getvalue()
    assert not Account.objects.filter(alias="openai").exists()
    assert Account.objects.filter(alias="local").exists()


def test_vendor_without_an_adapter_or_a_key_is_left_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    name(settings)
    seed_vendors()
    name(settings, ONE)
    monkeypatch.delitem(ADAPTERS, "openai")
    assert seed_vendors() == []
    assert not Account.objects.exists()


def test_account_of_that_name_for_something_else_is_left_alone(
    settings: Settings, stub: Account
) -> None:
    Account.objects.update(alias="openai")
    name(settings, ONE)
    seed_vendors()
    assert not AccountKey.objects.exists()
    assert list(stub.offers.values_list("alias", flat=True)) == ["z-image-small"]


@pytest.mark.usefixtures("everything")
def test_each_vendor_of_the_table_can_be_seeded_and_named(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in ("OPENAI_API_KEY", "AIHUBMIX_API_KEY", "STABLE_DIFFUSION_API_KEY", "BFL_API_KEY",
                     "STABILITY_API_KEY", "ARK_API_KEY", "DASHSCOPE_API_KEY", "REPLICATE_API_TOKEN", "FAL_KEY",
                     "MIDJOURNEY_PROXY_SECRET", "RUNWAYML_API_SECRET", "VIDEO_GENERATION_API_KEY"):  # fmt: skip
        monkeypatch.setenv(variable, f" {ONE},{TWO} ,,{THREE}")
    monkeypatch.setenv("STABLE_DIFFUSION_API_URL", "http://127.0.0.1:7860")
    monkeypatch.setenv("MIDJOURNEY_PROXY_URL", "http://mj:8080")
    monkeypatch.setenv("VIDEO_GENERATION_API_URL", "http://video:8000")
    settings.VENDORS = read_vendors()
    assert set(settings.VENDORS) == {vendor.alias for vendor in VENDORS}
    assert seed_vendors() == []
    assert {account.keys.count() for account in Account.objects.all()} == {3}
    assert set(Account.objects.values_list("alias", flat=True)) == set(settings.VENDORS)
    # Names that apps know go on being orderable.
    assert {"dall-e-3", "sdxl", "flux-pro", "midjourney", "gpt-image-2.6", "flux-2-pro", "doubao-seedream-5"} <= set(
        Offer.objects.values_list("alias", flat=True)
    )  # fmt: skip
    for offer in Offer.objects.all():
        offer.clean_fields()
        read_prices(offer.prices)


def test_server_of_ones_own_needs_an_address_and_no_key(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ADAPTERS, "sdwebui", ADAPTERS["openai"])
    settings.VENDORS = {"sdwebui": Named("STABLE_DIFFUSION_API_KEY", needs_key=False)}
    seed_vendors()
    assert not Account.objects.exists()
    settings.VENDORS = {"sdwebui": Named("STABLE_DIFFUSION_API_KEY", (), "http://127.0.0.1:7860", needs_key=False)}  # fmt: skip
    seed_vendors()
    account = Account.objects.get()
    # Whether it is in the house, and may be given what must not leave, is for people to say.
    assert (account.base_url, account.is_in_house) == ("http://127.0.0.1:7860", False)
    assert account.keys.count() == 0


@pytest.mark.parametrize(
    ("url", "hosts"),
    [
        ("http://127.0.0.1:7860", {"127.0.0.1:7860"}),
        ("http://WebUI/x", {"webui:80"}),
        ("https://gpu.lan", {"gpu.lan:443"}),
        ("http://[::1]:7860", {"[::1]:7860"}),
        ("http://api.example.com:80", set()),
        ("http://8.8.8.8", set()),
        ("http://127.0.0.1:99999", set()),
        ("", set()),
        ("webui", set()),
    ],
)
def test_private_address_of_the_environment_is_one_that_the_operator_named(
    url: str, hosts: set[str]
) -> None:
    assert named_hosts({"sdwebui": Named("X", (), url)}) == hosts


def test_no_retired_model_is_ordered_by_its_name() -> None:
    retired = ("dall-e", "gpt-image-1", "sora", "sdxl", "imagen")
    cards: list[ModelCard] = [card for vendor in VENDORS for card in vendor.cards]
    assert [card for card in cards if card.vendor_model.startswith(retired)] == []
    assert len(cards) > 20


def test_seeded_price_is_found_by_quality_and_megapixel(settings: Settings) -> None:
    name(settings, ONE)
    seed_vendors()
    card = Offer.objects.get(alias="gpt-image-2").card()
    spec = GenerationSpec("image", "gpt-image-2", "a star", "", 1024, 1024)
    costs = [dearest_of(card, replace(spec, quality=quality)) for quality in ("standard", "high")]
    assert costs == [Decimal("0.053"), Decimal("0.211")]
    tokens = Usage(input_text_tokens=100, output_tokens=1000)
    assert price_of(card, spec, tokens, 1) == Decimal("0.0305")
    flux = ModelCard("flux-2-pro", prices=tuple(suggest_prices("bfl", "flux-2-pro")))
    wide = replace(spec, width=2048)
    assert [dearest_of(flux, one) for one in (spec, wide, replace(wide, image="art_1"))] == [
        Decimal("0.03"), Decimal("0.06"), Decimal("0.09"),
    ]  # fmt: skip


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda vendor: vendor.alias)
def test_no_seeded_model_promises_what_its_adapter_never_sends(vendor: Vendor) -> None:
    able = find_class(vendor.adapter).capabilities
    for card in vendor.cards:
        assert {name for name in OPTIONS if card.takes(name)} <= able.takes, card.alias
        assert card.most_references <= able.most_references, card.alias


def test_models_start_with_what_their_vendor_listed_and_staff_have_the_last_word(
    settings: Settings,
) -> None:
    name(settings, ONE)
    seed_vendors()
    offers = {row.alias: row for row in Offer.objects.all()}
    assert offers["gpt-image-2"].prices[1] == {"quality": "low", "per_megapixel_usd": 0.006}
    # By its name at the vendor, not by ours.
    assert offers["dall-e-3"].prices == offers["gpt-image-2.6"].prices != []
    Offer.objects.filter(alias="dall-e-3").update(prices=[{"usd": 9}])
    seed_vendors()
    assert Offer.objects.get(alias="dall-e-3").prices == [{"usd": 9}]
