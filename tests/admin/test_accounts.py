"""Accounts in the admin: staff add one of an adapter and a queue that there are; it is never deleted."""

from typing import Any

import httpcore2
import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.accounts.seed import seed_local_provider
from generation.models import Account, Attempt
from generation.providers.registry import ADAPTERS
from generation.work.run import run_queue
from genhub.lib.dial import look_up
from tests.admin.conftest import Hire
from tests.words.sources import CHINESE

pytestmark = pytest.mark.django_db
ADD = "/admin/generation/account/add/"
NO_KEYS = {"keys-TOTAL_FORMS": "0", "keys-INITIAL_FORMS": "0"}
VALUES = {
    "alias": "second", "adapter": "stub", "weight": "200", "standby_rank": "0", "is_enabled": "on", "base_url": "",
    "options": "{}", "connect_seconds": "5", "answer_seconds": "300", **NO_KEYS,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names as a resolver would answer them; addresses of any notation are read as ever."""
    known = {"api.example.com": ["93.184.215.14"], "inside.example.com": ["93.184.215.14", "10.0.0.8"]}  # fmt: skip

    def answer(host: str, *rest: Any) -> list[str]:
        if host == "nowhere.example.com":
            raise httpcore2.ConnectError(host)
        return known.get(host) or look_up(host, *rest)

    monkeypatch.setattr("genhub.lib.dial.look_up", answer)


def page(account: Account, deed: str = "change") -> str:
    return reverse(f"admin:generation_account_{deed}", args=[account.pk])


def errors_of(answer: Any) -> dict[str, list[str]]:
    assert answer.status_code == 200
    return dict(answer.context_data["adminform"].form.errors)


def test_account_is_added_and_takes_orders(boss: Client, stub: Account, alice: APIClient) -> None:
    assert boss.post(ADD, VALUES).status_code == 302
    second = Account.objects.get(alias="second")
    assert (second.adapter, second.queue, second.weight) == ("stub", "remote", 200)
    Account.objects.filter(pk=stub.pk).update(standby_rank=1)
    second.offers.create(alias="z-image-small", default_width=64, default_height=64, smallest_side=16)  # fmt: skip
    assert alice.post("/api/v1/generate", {"prompt": "a star"}, format="json").status_code == 202
    assert Attempt.objects.get().account == second
    assert [entry["ended"] for entry in run_queue("remote")] == ["completed"]


def test_page_offers_the_adapters_that_there_are_but_no_second_engine(boss: Client) -> None:
    form = boss.get(ADD).context["adminform"].form
    offered = {value for value, _ in form.fields["adapter"].widget.choices}
    assert offered == set(ADAPTERS) - {"local"}
    assert "queue" not in form.fields


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"alias": ""}, "required"),
        ({"alias": "two words"}, "slug"),
        ({"alias": "stub"}, "already exists"),
        ({"alias": "local"}, "local engine"),
        ({"adapter": ""}, "required"),
        ({"adapter": "oracle"}, "Choose one of these: local, stub"),
        ({"adapter": "local"}, "a second one would want the same device"),
        ({"standby_rank": "-1"}, "greater than or equal to 0"),
        ({"options": "[]"}, "must be a JSON object"),
        ({"options": "{"}, "not valid JSON: line 1"),
        ({"concurrency": "0"}, "greater than or equal to 1"),
        ({"requests_per_minute": "0"}, "greater than or equal to 1"),
        ({"connect_seconds": "0"}, "greater than or equal to 0.1"),
        ({"answer_seconds": "1801"}, "less than or equal to 1800"),
        ({"daily_limit_usd": "-1"}, "greater than or equal to 0"),
        ({"base_url": "api.example.com/v1"}, "Write a whole address"),
        ({"base_url": "ftp://api.example.com"}, "Write a whole address"),
        ({"base_url": "https://exa mple.com"}, "Write a whole address"),
        ({"base_url": "https://api.example.com:99999"}, "Write a whole address"),
        ({"base_url": "https://"}, "Write a whole address"),
        ({"base_url": "https://user:word@api.example.com/v1"}, "no user name and no password"),
        ({"base_url": "https://api.example.com/v1?key=1"}, "Leave out"),
        ({"base_url": "http://api.example.com/v1"}, "Over plain http everybody"),
        ({"base_url": "https://10.0.0.7/v1"}, "private network"),
        ({"base_url": "https://169.254.169.254/v1"}, "private network"),
        ({"base_url": "https://[::1]/v1"}, "private network"),
        ({"base_url": "https://[fd00::1]/v1"}, "private network"),
        ({"base_url": "https://127.1/v1"}, "private network"),
        ({"base_url": "https://0x7f000001/v1"}, "private network"),
        ({"base_url": "https://2130706433/v1"}, "private network"),
        ({"base_url": "https://webui:7860"}, "private network"),
        ({"base_url": "https://gpu.lan"}, "private network"),
        ({"base_url": "https://LOCALHOST./v1"}, "private network"),
        ({"base_url": "https://inside.example.com"}, "private network"),
        (
            {"is_in_house": "on", "adapter": "openai"},
            "Only a server that the setting PRIVATE_HOSTS",
        ),
        ({"is_in_house": "on", "base_url": "https://api.example.com/v1"}, "Only a server that"),
        ({"weight": "-1"}, "greater than or equal to 0"),
        ({"weight": "99999"}, "32767"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("unwritten")
def test_wrong_accounts_are_refused_at_their_field(
    boss: Client, stub: Account, wrong: dict[str, str], message: str
) -> None:
    errors = errors_of(boss.post(ADD, VALUES | wrong))
    assert message in " ".join(errors[next(iter(wrong))])
    assert list(Account.objects.all()) == [stub]


def test_refusals_are_said_in_chinese(boss: Client) -> None:
    answer = boss.post(ADD, VALUES | {"adapter": "local"}, headers={"Accept-Language": "zh-hans"})
    assert "同一台设备" in errors_of(answer)["adapter"][0]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"base_url": "https://10.0.0.7"}, "私有网络"),
        ({"base_url": "http://api.example.com"}, "明文"),
        ({"base_url": "https://user:word@api.example.com"}, "用户名"),
        ({"base_url": "https://"}, "完整的地址"),
        ({"base_url": "https://api.example.com/?a"}, "去掉"),
        ({"is_in_house": "on", "adapter": "openai"}, "PRIVATE_HOSTS"),
        ({"options": "[]"}, "JSON 对象"),
    ],
    ids=str,
)
@pytest.mark.usefixtures("unwritten")
def test_refusals_of_addresses_are_said_in_chinese(
    boss: Client, wrong: dict[str, str], words: str
) -> None:
    answer = boss.post(ADD, VALUES | wrong, headers={"Accept-Language": "zh-hans"})
    said = " ".join(errors_of(answer)[next(iter(wrong))])
    assert words in said
    assert CHINESE.search(said)


def test_server_of_the_house_is_taken_when_the_operator_named_it(
    boss: Client, settings: Settings
) -> None:
    words = VALUES | {"adapter": "openai", "base_url": "http://Webui:7860/v1", "is_in_house": "on"}
    settings.PRIVATE_HOSTS = frozenset({"webui:7861"})
    errors_of(boss.post(ADD, words))
    settings.PRIVATE_HOSTS = frozenset({"webui:7860"})
    assert boss.post(ADD, words).status_code == 302
    account = Account.objects.get()
    assert (account.is_in_house, account.queue) == (True, "remote")


@pytest.mark.parametrize("host", ["api.example.com", "nowhere.example.com"])
def test_public_address_is_taken_also_while_no_resolver_answers(boss: Client, host: str) -> None:
    words = VALUES | {"adapter": "openai", "base_url": f"https://{host}/v1"}
    assert boss.post(ADD, words).status_code == 302


def test_adapter_without_a_usual_address_needs_one(
    boss: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("generation.providers.vendors.openai.OpenAIProvider.base_url", "")
    errors = errors_of(boss.post(ADD, VALUES | {"adapter": "openai"}))
    assert "say where the server is" in errors["base_url"][0]


def test_adapter_and_queue_stay_and_nothing_is_deleted(boss: Client, stub: Account) -> None:
    changed = VALUES | {"alias": "other", "adapter": "local", "queue": "remote", "weight": "7"}
    del changed["is_enabled"]
    assert boss.post(page(stub), changed).status_code == 302
    after = Account.objects.get(pk=stub.pk)
    assert (after.alias, after.adapter, after.queue) == ("stub", "stub", "local")
    assert (after.weight, after.is_enabled) == (7, False)
    assert boss.post(page(stub, "delete"), {"post": "yes"}).status_code == 403


def test_engines_account_is_the_one_that_the_hub_makes(boss: Client) -> None:
    seed_local_provider()
    errors_of(boss.post(ADD, VALUES | {"alias": "gpu-2", "adapter": "local"}))
    assert Account.objects.get().alias == "local"


def test_adding_needs_its_right(hire: Hire, stub: Account) -> None:
    reader = hire("generation.view_account", "generation.change_account")
    assert reader.get(ADD).status_code == 403
    assert reader.post(ADD, VALUES).status_code == 403
    writer = hire("generation.view_account", "generation.add_account", name="fay")
    assert writer.post(ADD, VALUES).status_code == 302
    assert Account.objects.count() == 2


def test_page_tells_steps_and_guidance_of_models_that_take_them_alone(boss: Client) -> None:
    account = Account.objects.create(alias="mixed", adapter="stub", queue="remote")
    account.offers.create(alias="plain", unsupported=["steps", "cfg_scale"])
    assert ", fast" not in boss.get(page(account)).content.decode()
    account.offers.create(alias="free", default_steps=12)
    assert "12, fast 6, fine 24" in boss.get(page(account)).content.decode()
