"""`manage.py engine`: what operators ask of the engine, on the CPU and with the small model."""

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from PIL import Image
from rest_framework.test import APIClient

from generation.accounts.seed import seed_local_provider
from generation.engine.precision import DTYPES, judge_processor
from generation.models import Attempt, Offer, Output
from generation.providers.base import AccountSettings
from generation.providers.local import LocalProvider
from generation.work import rerun
from generation.work.run import run_queue
from tests.offers import place
from tests.steps import submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.xdist_group("torch")]

OWN = judge_processor()
SMALLEST: dict[str, Any] = {"width": 128, "height": 128, "steps": 2}


@pytest.fixture(autouse=True)
def _models() -> None:
    seed_local_provider()


def engine(*words: str) -> str:
    out = StringIO()
    call_command("engine", *words, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_info_says_that_there_is_no_card_and_which_models_there_are() -> None:
    assert "card: none; the engine draws on the CPU" in engine("info")
    found = json.loads(engine("info", "--json"))
    assert found["engine"]["device"] == "cpu"
    assert (found["engine"]["dtype"], found["engine"]["dtype_reason"]) == (OWN.name, OWN.reason)
    assert f"  dtype: {OWN.name}\n  " in engine("info")
    assert "z-image-small" in found["models"]
    assert (found["workers"], found["waiting"], found["running"]) == ({}, {}, 0)


def test_warm_draws_a_step_and_says_where() -> None:
    said = f"on cpu in {OWN.name}, offload none: there is no accelerator"
    assert said in engine("warm")


def test_warm_guesses_no_model_where_the_usual_one_is_not_offered() -> None:
    Offer.objects.filter(alias="z-image-small").update(is_enabled=False)
    with pytest.raises(CommandError, match="no enabled model 'z-image-small'"):
        engine("warm")
    assert engine("warm", "z-image-small-outlines").startswith("z-image-small-outlines draws after")


@pytest.mark.parametrize(
    ("alias", "said"), [("nobody", "no enabled model 'nobody'"), ("gone", "no such folder")]
)
def test_warm_names_what_is_wrong(alias: str, said: str) -> None:
    small = Offer.objects.get(alias="z-image-small")
    place(Offer.objects.create(account=small.account, alias="gone"), folder="/nowhere")
    with pytest.raises(CommandError, match=said):
        engine("warm", alias)


def test_generate_draws_into_a_file(tmp_path: Path) -> None:
    words = [f"--{name}={value}" for name, value in SMALLEST.items()]
    said = engine("generate", "a red circle", *words, "--seed=5", "--out", str(tmp_path / "a.png"))
    (path,) = tmp_path.iterdir()
    assert Image.open(path).size == (128, 128)
    assert said.startswith(f"{path}: seed 5")


def test_generate_refuses_as_the_api_does() -> None:
    with pytest.raises(CommandError, match="width: "):
        engine("generate", "a red circle", "--width=100")


def task_of(alice: APIClient, **words: Any) -> str:
    task = submit(alice, **SMALLEST, **words)
    assert [entry["ended"] for entry in run_queue("local")] == ["completed"]
    return str(task)


def test_rerun_alone_gives_the_same_bytes(alice: APIClient, tmp_path: Path) -> None:
    task = task_of(alice)
    said = engine("rerun", task, "--out", str(tmp_path / "again"))
    assert "picture 0" in said
    assert "the same pixels" in said
    assert len(list((tmp_path / "again").iterdir())) == 1
    facts = Attempt.objects.get().facts
    assert facts["batch_size"] == 1
    assert {"torch", "diffusers", "transformers", "folder", "weights"} <= set(facts)


def test_rerun_says_what_has_changed_since(
    alice: APIClient, capsys: pytest.CaptureFixture[str]
) -> None:
    task = task_of(alice)
    attempt = Attempt.objects.get()
    attempt.facts |= {"torch": "1.0"}
    attempt.save()
    # Another seed's picture stands for what another version would draw.
    Output.objects.update(seed=99)
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("engine", "rerun", task, stdout=out, stderr=StringIO())
    assert ended.value.code == 1
    assert " dB from it; since then: torch 1.0 -> 2." in out.getvalue()


def test_rerun_in_another_type_says_so(
    alice: APIClient, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    task = task_of(alice)
    (other,) = DTYPES.keys() - {OWN.name}
    monkeypatch.setattr(
        rerun,
        "device_of",
        lambda _: LocalProvider(AccountSettings("local", options={"dtype": other})),
    )
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("engine", "rerun", task, stdout=out, stderr=StringIO())
    assert f" dB from it; since then: dtype {OWN.name} -> {other}\n" in out.getvalue()


@pytest.mark.parametrize("task", ["task_0000", "nonsense"])
def test_rerun_of_no_task_is_refused(task: str) -> None:
    with pytest.raises(CommandError, match="no completed task"):
        engine("rerun", task)
