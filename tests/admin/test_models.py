"""Models in the admin: read and written as people write them, refused at the field that is wrong, never deleted."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse

from generation.admin.accounts.offer_form import AT_VENDOR
from generation.models import Account, LocalWeights, Offer, Task, WorkerDeath
from generation.models.weights import PLACE
from generation.providers.base import Capabilities
from tests.admin.conftest import Hire
from tests.races import together

pytestmark = pytest.mark.django_db

LIST = "/admin/generation/offer/"
ADD = f"{LIST}add/"
PIN = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def local(db: None) -> Account:
    return Account.objects.create(alias="local", adapter="local", queue="local")


@pytest.fixture
def values(local: Account) -> dict[str, Any]:
    """What the form of a new model holds."""
    return {
        "alias": "liujuan-2", "account": local.pk, "is_enabled": "on", "media_types": ["image"],
        "vendor_model": "", "unsupported": [], "options": "{}",
        "folder": "/models/Z-Image", "revision": "",
        "weights": "/models/a.safetensors\n\n  /models/b.safetensors  ",
        "loras": "sketch = /models/my sketch.safetensors @ 0.8 (usual)\nink=C:\\loras\\ink.safetensors",
        "default_width": "512", "default_height": "768", "smallest_side": "256",
        "largest_side": "2048", "sizes": "512x768\n1024 × 1536", "default_steps": "12",
        "largest_steps": "50", "default_cfg_scale": "2", "largest_cfg_scale": "8",
        "fast_steps": "", "fast_cfg_scale": "0", "fast_width": "", "fast_height": "",
        "fine_steps": "30", "fine_cfg_scale": "", "fine_width": "1024", "fine_height": "1536",
        "default_negative_prompt": "text", "longest_prompt": "2000", "usd_per_picture": "0.0025",
    }  # fmt: skip


def change(row: Offer) -> str:
    return reverse("admin:generation_offer_change", args=[row.pk])


def errors_of(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return dict(answer.context_data["adminform"].form.errors)


def test_model_is_made_read_and_ordered(
    boss: Client, values: dict[str, Any], alice: Any, local: Account
) -> None:
    assert boss.post(ADD, values).status_code == 302
    row = Offer.objects.get()
    assert row.local.weights == ["/models/a.safetensors", "/models/b.safetensors"]
    assert row.sizes == [[512, 768], [1024, 1536]]
    assert row.local.loras == [
        {"name": "sketch", "file": "/models/my sketch.safetensors", "scale": 0.8, "is_usual": True},
        {"name": "ink", "file": "C:\\loras\\ink.safetensors", "scale": 1.0, "is_usual": False},
    ]
    html = boss.get(change(row)).content.decode()
    for words in (
        "512x768\n1024x1536",
        "sketch = /models/my sketch.safetensors @ 0.8 (usual)\nink",
    ):
        assert words in html, words
    order = {"prompt": "a star", "model": "liujuan-2", "mode": "fine"}
    assert alice.post("/api/v1/generate", order, format="json").status_code == 202
    page = boss.get(LIST).content.decode()
    for words in ("liujuan-2", "512×768", "0.0025"):
        assert words in page, words


def test_saving_what_was_shown_changes_nothing(boss: Client, values: dict[str, Any]) -> None:
    boss.post(ADD, values)
    row = Offer.objects.get()
    form = boss.get(change(row)).context["adminform"].form
    shown = {name: form[name].field.prepare_value(form[name].value()) for name in form.fields}
    before = (Offer.objects.values().get(), LocalWeights.objects.values().get())
    posted = {name: "" if value is None else value for name, value in shown.items()}
    assert boss.post(change(row), posted).status_code == 302
    assert (Offer.objects.values().get(), LocalWeights.objects.values().get()) == before
    assert LogEntry.objects.latest("id").get_change_message() == "Nothing changed."


def test_change_is_in_the_history_and_leaves_name_and_provider(
    boss: Client, values: dict[str, Any], stub: Account
) -> None:
    boss.post(ADD, values)
    row = Offer.objects.get(alias="liujuan-2")
    changed = values | {"alias": "other", "account": stub.pk, "default_steps": "14", "weights": ""}
    assert boss.post(change(row), changed).status_code == 302
    after = Offer.objects.get(pk=row.pk)
    assert (after.alias, after.account.alias, after.default_steps, after.local.weights) == (
        "liujuan-2", "local", 14, []
    )  # fmt: skip
    assert "Weights" in LogEntry.objects.latest("id").get_change_message()
    delete = reverse("admin:generation_offer_delete", args=[row.pk])
    assert boss.post(delete, {"post": "yes"}).status_code == 403


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"alias": "two words"}, "Letters, digits"),
        ({"alias": "名字"}, "Letters, digits"),
        ({"alias": ""}, "required"),
        ({"account": ""}, "required"),
        ({"account": "999"}, "valid choice"),
        ({"media_types": []}, "required"),
        ({"media_types": ["sound"]}, "valid choice"),
        ({"folder": ""}, "switch it off"),
        ({"folder": "models/zimage/base"}, "whole path"),
        ({"folder": "~/Z-Image"}, "whole path"),
        ({"folder": "/a\0b"}, "Null characters"),
        ({"folder": "/" + "a" * 500}, "at most 500"),
        ({"vendor_model": "gpt-image-1"}, "no use"),
        ({"unsupported": ["seed"]}, "no use"),
        ({"options": '{"style": "vivid"}'}, "no use"),
        ({"options": "[]"}, "must be a JSON object"),
        ({"options": "{style}"}, "not valid JSON"),
        ({"unsupported": ["moods"]}, "valid choice"),
        ({"revision": PIN}, "Only a hub id"),
        ({"revision": "main"}, "Only a hub id"),
        ({"weights": "a.safetensors"}, "Line 1: Write the whole path"),
        ({"weights": "/a\n\nb\nc"}, "Line 3"),
        ({"weights": "/a\0"}, "Null characters"),
        ({"weights": "/a\n" * 101}, "At most 100 lines"),
        ({"loras": "sketch /a"}, "Line 1: Write a name"),
        ({"loras": "sketch = a.safetensors"}, "whole path"),
        ({"loras": "sketch = /a @ 2.1"}, "-2 to 2"),
        ({"loras": "".join(f"l{i} = /a (usual)\n" for i in range(5))}, "At most 4 can be usual"),
        ({"loras": "sketch = /a @ nan"}, "Write a name"),
        ({"loras": "sketch = /a\nsketch = /b"}, "more than once: sketch"),
        ({"sizes": "512"}, "such as 512x768"),
        ({"sizes": "512x768\n500x500"}, "Both sides"),
        ({"sizes": "0x0\n512x768"}, "Both sides"),
        ({"sizes": "512x768\n1024x1536\n4096x4096"}, "From 256 to 2048"),
        ({"default_width": "500", "sizes": ""}, "multiple of 16"),
        ({"default_width": "528"}, "not among the only ones"),
        ({"default_width": "-16"}, "greater than or equal"),
        ({"default_height": ""}, "required"),
        ({"default_height": "4096", "sizes": ""}, "From 256 to 2048"),
        ({"smallest_side": "4096"}, "above the largest"),
        ({"largest_side": "99999999999999999999"}, "16384"),
        ({"default_steps": "0"}, "greater than or equal to 1"),
        ({"default_steps": "51"}, "At most 50"),
        ({"default_steps": "x"}, "whole number"),
        ({"largest_steps": "1001"}, "1000"),
        ({"default_cfg_scale": "9"}, "At most 8"),
        ({"default_cfg_scale": "nan"}, "Enter a number"),
        ({"default_cfg_scale": "-1"}, "greater than or equal to 0"),
        ({"largest_cfg_scale": "1e999"}, "Enter a number"),
        ({"fast_steps": "51"}, "At most 50"),
        ({"fast_steps": "0"}, "greater than or equal to 1"),
        ({"fast_cfg_scale": "8.5"}, "At most 8"),
        ({"fast_height": "", "fast_width": "512"}, "both sides"),
        ({"fine_height": ""}, "both sides"),
        ({"fine_width": "1024", "fine_height": "1024"}, "not among the only ones"),
        ({"fine_width": "128", "sizes": ""}, "From 256 to 2048"),
        ({"longest_prompt": "0"}, "greater than or equal to 1"),
        ({"default_negative_prompt": "a" * 20_001}, "at most 20000"),
        ({"usd_per_picture": "-1"}, "greater than or equal to 0"),
        ({"usd_per_picture": "NaN"}, "Enter a number"),
        ({"usd_per_picture": "0.0000001"}, "decimal places"),
        ({"usd_per_picture": "10001"}, "10000"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("unwritten")
def test_wrong_models_are_refused_at_the_first_of_these_fields(
    boss: Client, values: dict[str, Any], wrong: dict[str, Any], message: str
) -> None:
    errors = errors_of(boss.post(ADD, values | wrong))
    assert message in " ".join(errors[next(iter(wrong))])
    assert not Offer.objects.exists()


def test_what_the_seed_sets_anew_is_said_at_its_fields(boss: Client) -> None:
    fields = boss.get(ADD).context["adminform"].form.fields
    noted = {name for name, field in fields.items() if "set anew" in str(field.help_text)}
    assert noted == {"folder", "revision", "weights"}


def test_only_the_fields_of_the_accounts_kind_are_shown(
    boss: Client, hire: Hire, values: dict[str, Any], stub: Account
) -> None:
    boss.post(ADD, values)
    ours, vendors = Offer.objects.get(alias="liujuan-2"), stub.offers.get()
    shown = [set(boss.get(change(row)).context["adminform"].form.fields) for row in (ours, vendors)]
    assert [fields & {*PLACE, *AT_VENDOR} for fields in shown] == [set(PLACE), set(AT_VENDOR)]
    reader = hire("generation.view_offer")
    page = reader.get(change(ours)).content.decode()
    for words in ("/models/Z-Image", "/models/b.safetensors", "sketch = /models/my sketch"):
        assert words in page, words
    assert "/models" not in reader.get(change(vendors)).content.decode()


def test_vendors_model_has_its_name_there_and_says_what_it_does_not_take(
    boss: Client, values: dict[str, Any], stub: Account
) -> None:
    vendors = values | {"account": stub.pk, "vendor_model": "gpt-image-1", "unsupported": ["negative_prompt", "seed"]}  # fmt: skip
    errors = errors_of(boss.post(ADD, vendors))
    assert set(errors) == {"folder", "weights", "loras", "default_negative_prompt"}
    vendors |= dict.fromkeys((*PLACE, "default_negative_prompt"), "")
    assert boss.post(ADD, vendors).status_code == 302
    row = Offer.objects.get(alias="liujuan-2")
    assert row.card().vendor_model == "gpt-image-1"
    assert row.card().unsupported == ("negative_prompt", "seed")
    assert not LocalWeights.objects.exists()
    assert boss.post(change(row), vendors | {"unsupported": ["steps"]}).status_code == 302
    row.refresh_from_db()
    assert row.unsupported == ["steps"]


NEVER = ["steps", "cfg_scale", "seed", "strength", "last_image", "audio"]


def test_what_the_adapter_never_sends_is_not_promised(
    boss: Client, values: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    takes = frozenset({"image", "mask", "negative_prompt"})
    monkeypatch.setattr("generation.providers.vendors.openai.OpenAIProvider.capabilities", Capabilities(takes=takes))  # fmt: skip
    vendor = Account.objects.create(alias="vendor", adapter="openai", queue="remote")
    words = values | dict.fromkeys(PLACE, "") | {"account": vendor.pk, "unsupported": ["mask"]}
    assert boss.post(ADD, words | {"options": '{"style": "vivid"}'}).status_code == 302
    row = Offer.objects.get()
    assert row.unsupported == [
        "mask",
        "steps",
        "cfg_scale",
        "seed",
        "strength",
        "last_image",
        "audio",
    ]
    assert row.card().options == {"style": "vivid"}
    errors = errors_of(boss.post(change(row), words | {"unsupported": ["steps", "cfg_scale"]}))
    assert errors == {"unsupported": ["The adapter cannot send these, so the model takes none: seed, strength, last picture of a clip, sound."]}  # fmt: skip
    assert boss.post(change(row), words | {"unsupported": NEVER}).status_code == 302  # fmt: skip
    row.refresh_from_db()
    assert row.unsupported == NEVER
    errors = errors_of(
        boss.post(change(row), words | {"unsupported": NEVER, "media_types": ["video"]})
    )
    assert errors == {"media_types": ["The adapter makes no such thing."]}


def test_change_of_the_weights_alone_is_saved_and_told(
    boss: Client, values: dict[str, Any]
) -> None:
    boss.post(ADD, values)
    row = Offer.objects.get()
    assert boss.post(change(row), values | {"folder": "/models/other"}).status_code == 302
    place = LocalWeights.objects.get()
    assert (place.folder, len(place.weights)) == ("/models/other", 2)
    assert "Folder" in LogEntry.objects.latest("id").get_change_message()


def test_weights_that_somebody_else_changed_meanwhile_are_not_written_over(
    boss: Client, values: dict[str, Any]
) -> None:
    boss.post(ADD, values)
    row = Offer.objects.get()
    seen = boss.get(change(row)).context["seen"]
    place = LocalWeights.objects.get()
    LocalWeights.objects.update(folder="/models/theirs")
    answer = boss.post(change(row), values | {"_seen": seen, "folder": "/models/mine"})
    assert "It is now: /models/theirs" in errors_of(answer)["folder"][0]
    place.refresh_from_db()
    assert place.folder == "/models/theirs"


def test_hub_id_needs_its_revision(boss: Client, values: dict[str, Any]) -> None:
    values["folder"] = "Tongyi-MAI/Z-Image"
    assert "needs its revision" in errors_of(boss.post(ADD, values))["revision"][0]
    values["revision"] = PIN.upper()
    assert "40 digits" in errors_of(boss.post(ADD, values))["revision"][0]
    assert boss.post(ADD, values | {"revision": PIN}).status_code == 302


def test_model_that_is_off_or_a_vendors_needs_no_folder(
    boss: Client, values: dict[str, Any], stub: Account
) -> None:
    del values["is_enabled"]
    assert boss.post(ADD, values | {"folder": ""}).status_code == 302
    vendors = {**dict.fromkeys(PLACE, ""), "account": stub.pk, "is_enabled": "on"}
    assert boss.post(ADD, values | vendors).status_code == 302


def test_second_model_of_the_same_name_is_refused(boss: Client, values: dict[str, Any]) -> None:
    boss.post(ADD, values)
    assert "already exists" in str(errors_of(boss.post(ADD, values)))
    assert Offer.objects.count() == 1


def test_what_was_typed_stands_on_the_page_after_a_refusal(
    boss: Client, values: dict[str, Any]
) -> None:
    html = boss.post(ADD, values | {"sizes": "512 by 768"}).content.decode()
    assert "512 by 768" in html
    assert "Traceback" not in html


def test_pages_are_for_those_who_may(hire: Hire, stub: Account, values: dict[str, Any]) -> None:
    row = stub.offers.get()
    nobody = hire("generation.view_task", name="eve")
    reader = hire("generation.view_offer", "generation.view_account")
    assert nobody.get(LIST).status_code == 403
    assert nobody.get(change(row)).status_code == 403
    assert nobody.post(change(row), values).status_code == 403
    assert reader.get(change(row)).status_code == 200
    assert reader.post(change(row), values).status_code == 403
    assert reader.post(ADD, values).status_code == 403
    assert hire("generation.change_offer", name="fay").get(LIST).status_code == 200


@pytest.mark.parametrize("pk", ["0", "99999999999999999999", "x", "1%00"])
def test_model_that_is_not_there_is_404(boss: Client, values: dict[str, Any], pk: str) -> None:
    assert boss.post(f"{LIST}{pk}/change/", values).status_code == 404


def test_provider_leads_to_its_models(boss: Client, hire: Hire, stub: Account) -> None:
    stub.offers.create(alias="asleep", is_enabled=False)
    page = reverse("admin:generation_account_change", args=[stub.pk])
    assert change(stub.offers.get(alias="asleep")) in boss.get(page).content.decode()
    reader = hire("generation.view_account")
    html = reader.get(page).content.decode()
    assert "asleep" in html
    assert LIST not in html
    assert "asleep" not in boss.get("/admin/generation/account/").content.decode()


def test_tasks_are_filtered_by_the_models_there_are(boss: Client, finished: Any) -> None:
    finished()
    address = "/admin/generation/task/?model=z-image-small"
    assert len(boss.get(address).context["cl"].result_list) == 1
    refused = boss.get("/admin/generation/task/?model=other")
    assert not refused.context["cl"].result_list


@pytest.mark.django_db(transaction=True)
def test_two_who_save_at_once_leave_values_that_fit(
    boss: Client, hire: Hire, values: dict[str, Any]
) -> None:
    boss.post(ADD, values)
    row = Offer.objects.get()
    other = hire("generation.change_offer", "generation.view_offer")
    low = values | {"largest_steps": "10", "default_steps": "5", "fine_steps": ""}
    high = values | {"largest_steps": "50", "default_steps": "30", "fine_steps": ""}

    def save(client: Client, posted: dict[str, Any]) -> int:
        return client.post(change(row), posted).status_code

    for _ in range(4):
        # Each changes one of two numbers, and both changes together would not fit.
        Offer.objects.update(default_steps=5, largest_steps=50, fine_steps=None)
        [answers] = together(lambda: save(boss, low), lambda: save(other, high))
        assert answers == [302, 302]
        row.refresh_from_db()
        assert (row.default_steps, row.largest_steps) in {(5, 10), (30, 50)}


def test_page_of_a_task_shows_no_numbers_that_its_vendor_decides(
    boss: Client, alice: Any, stub: Account
) -> None:
    stub.offers.update(unsupported=["steps", "cfg_scale", "seed"])
    assert alice.post("/api/v1/generate", {"prompt": "a star"}, format="json").status_code == 202
    address = reverse("admin:generation_task_change", args=[Task.objects.get().pk])
    page = boss.get(address).content.decode()
    assert "64 × 64, –, –" in page


def test_to_switch_a_broken_model_on_again_forgives_it(
    boss: Client, values: dict[str, Any], local: Account
) -> None:
    boss.post(ADD, values)
    row = Offer.objects.get()
    Offer.objects.update(is_enabled=False, broken_at=Now())
    WorkerDeath.objects.create(account=local, model=row.alias, process="host:1")
    other = WorkerDeath.objects.create(account=local, model="another", process="host:2")
    # What is changed while it is off leaves it so.
    off = {name: value for name, value in values.items() if name != "is_enabled"}
    assert boss.post(change(row), off | {"default_steps": "13"}).status_code == 302
    assert WorkerDeath.objects.count() == 2
    assert boss.post(change(row), values).status_code == 302
    row.refresh_from_db()
    assert (row.is_enabled, row.broken_at) == (True, None)
    assert list(WorkerDeath.objects.all()) == [other]
