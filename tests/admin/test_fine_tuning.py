"""Staff gather pictures, caption them, have a LoRA trained and offer it: each page, and each refusal of it."""

import io
import re
import struct
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from PIL import Image
from pytest_django import Settings

from generation.fine_tuning import archives, jobs, sets
from generation.lesson import FEWEST_PICTURES, LONGEST_CAPTION
from generation.life import trainings
from generation.models import LocalWeights, Offer, TrainingJob, TrainingPicture, TrainingSet
from generation.work import run
from genhub.lib.ids import new_id
from genhub.users.models import User
from storage import checkpoints
from storage.erasing import clear_folders
from storage.models import Artifact, UploadFolder
from tests.fine_tuning.conftest import ask, loras, school, squares
from tests.fine_tuning.school import School
from tests.fine_tuning.taught import WORD, as_png, draw_squares, make_set

__all__ = ["ask", "loras", "school", "squares"]
pytestmark = pytest.mark.django_db
State = TrainingJob.State
LESSON = {"steps": 6, "resolution": 128, "rank": 2, "rate": "0.001", "batch": 1, "seed": 5}


def png(name: str = "a.png", *, size: int = 64) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, as_png(Image.new("RGB", (size, size), "red")), "image/png")


def packed(**files: bytes) -> SimpleUploadedFile:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return SimpleUploadedFile("set.zip", file.getvalue(), "application/zip")


def send(boss: Client, row: TrainingSet, *files: SimpleUploadedFile) -> HttpResponse:
    page = reverse("admin:generation_trainingset_pictures", args=[row.pk])
    return boss.post(page, {"add": "1", "sent": list(files)})  # type: ignore[return-value]


def page_of(job: TrainingJob) -> str:
    return reverse("admin:generation_trainingjob_change", args=[job.pk])


def deed(name: str, row: TrainingJob | TrainingSet) -> str:
    return reverse(f"admin:generation_{row._meta.model_name}_{name}", args=[row.pk])


def train(boss: Client, row: TrainingSet, **words: Any) -> HttpResponse:
    return boss.post(deed("train", row), LESSON | {"once": str(new_id())} | words)  # type: ignore[return-value]


@pytest.fixture
def row(school: School) -> TrainingSet:
    return make_set()


def test_set_is_made_for_a_model_of_the_local_engine_alone(
    boss: Client, school: School, stub: object
) -> None:
    here = Offer.objects.get(account__alias="local")
    there = Offer.objects.get(account__alias="stub")
    page = reverse("admin:generation_trainingset_add")
    words = {"name": "Mugs", "platform": "", "trigger": "mugx"}
    refused = boss.post(page, words | {"offer": there.pk})
    assert "That choice is not one of the available choices" in refused.content.decode()
    assert not TrainingSet.objects.exists()
    answer = boss.post(page, words | {"offer": here.pk})
    assert answer.status_code == 302, answer.context["errors"]
    made = TrainingSet.objects.get()
    assert (made.offer_id, made.made_by, made.trigger) == (here.pk, "carol", "mugx")


def test_pictures_and_archives_are_taken_through_the_gate(boss: Client, row: TrainingSet) -> None:
    archive = packed(
        **{
            "in/b.png": as_png(Image.new("RGB", (64, 64), "blue")),
            "in/b.txt": b"a blue\n square",
            "__MACOSX/in/b.png": b"none",
            ".hidden.png": b"none",
            "readme.md": b"none",
        }
    )
    answer = send(boss, row, png(), archive)
    assert answer.status_code == 302
    found = list(row.pictures.values_list("caption", flat=True))
    assert found == ["", "a blue square"]
    rows = Artifact.objects.filter(pk__in=row.pictures.values("artifact"))
    # The house's, private, and no sweep of unused uploads takes them.
    assert {one.platform.is_house for one in rows} == {True}
    assert all(one.used_at for one in rows)
    html = boss.get(reverse("admin:generation_trainingset_change", args=[row.pk])).content.decode()
    assert html.count("data-picture=") == 2
    assert "a blue square" in html


def bomb() -> bytes:
    """Return a ZIP whose picture says that it is small and unpacks to more than an upload may have."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.png", bytes(5_000_000))
    data = bytearray(file.getvalue())
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(mark) + place, 100)
    return bytes(data)


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (SimpleUploadedFile("a.png", b"no picture", "image/png"), "not a whole picture"),
        (SimpleUploadedFile("a.gif", b"GIF89a" + bytes(40), "image/gif"), "one of these types"),
        (SimpleUploadedFile("a.png", as_png(draw_squares(1)[0])[:200], "image/png"), "not a whole picture"),
        (SimpleUploadedFile("a.zip", b"no archive", "application/zip"), "no whole ZIP archive"),
        (SimpleUploadedFile("a.zip", bomb(), "application/zip"), "unpacks to more than|no whole ZIP archive"),
        (packed(**{"a.png": b"no picture"}), "not a whole picture"),
        (packed(**{"a.png": as_png(Image.new("RGB", (9, 9))), "a.txt": b"\xff\xfe"}), "no text in UTF-8"),
        (packed(**{"a.png": as_png(Image.new("RGB", (64, 64))), "a.txt": b"x" * (LONGEST_CAPTION + 1)}), "characters"),
        (packed(**{"a.png": b"x", "a.txt": b"x" * (4 * LONGEST_CAPTION + 1)}), "unpacks to more than"),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused_by_its_name(
    boss: Client, row: TrainingSet, file: SimpleUploadedFile, words: str, settings: Settings
) -> None:
    settings.UPLOAD_MAX_BYTES = 1_000_000
    file.seek(0)
    html = send(boss, row, file).content.decode()
    assert re.search(words, html), html
    assert not row.pictures.exists()


def test_archive_of_too_many_files_is_refused(
    boss: Client, row: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST_ENTRIES", 1)
    html = send(boss, row, packed(**{"a.txt": b"a", "b.txt": b"b"})).content.decode()
    assert "may hold 1 files" in html


def test_full_set_takes_no_more(
    boss: Client, row: TrainingSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sets, "MOST_PICTURES", 1)
    html = send(boss, row, png("a.png"), png("b.png")).content.decode()
    assert "b.png: A set holds 1 pictures at most." in html
    assert row.pictures.count() == 1


def captions_of(row: TrainingSet, **changes: Any) -> dict[str, Any]:
    pictures = list(row.pictures.order_by("id"))
    words: dict[str, Any] = {"form-TOTAL_FORMS": len(pictures), "form-INITIAL_FORMS": len(pictures)}
    for number, picture in enumerate(pictures):
        words |= {f"form-{number}-id": picture.pk, f"form-{number}-caption": picture.caption}
    return words | {f"form-{name.replace('_', '-', 1)}": value for name, value in changes.items()}


def test_captions_are_written_and_pictures_removed(boss: Client, squares: TrainingSet) -> None:
    page = reverse("admin:generation_trainingset_pictures", args=[squares.pk])
    first, second = squares.pictures.order_by("id")[:2]
    changes = {"0_caption": "a red square", "1_goes": "on"}
    boss.post(page, captions_of(squares, **changes))
    assert TrainingPicture.objects.get(pk=first.pk).caption == "a red square"
    assert not TrainingPicture.objects.filter(pk=second.pk).exists()
    # A sweep deletes its files.
    assert Artifact.objects.get(pk=second.artifact_id).gone_at


def test_picture_that_is_learned_from_stays(
    boss: Client, school: School, ask: Callable[..., TrainingJob]
) -> None:
    job = ask()
    page = reverse("admin:generation_trainingset_pictures", args=[job.set_id])
    answer = boss.post(page, captions_of(job.set, **{"0_goes": "on"}), follow=True)
    assert "A training learns from this set" in answer.content.decode()
    assert job.set.pictures.count() == len(draw_squares())


def test_training_is_asked_for_once(boss: Client, school: School, squares: TrainingSet) -> None:
    once = str(new_id())
    assert "Trigger word" in boss.get(deed("train", squares)).content.decode()
    answers = [train(boss, squares, once=once) for _ in range(2)]
    job = TrainingJob.objects.get()
    assert {answer.headers["Location"] for answer in answers} == {page_of(job)}
    assert (job.steps, job.rank, job.rate, job.asked_by) == (6, 2, 0.001, "carol")
    assert [one["caption"] for one in job.pictures] == [WORD] * len(draw_squares())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"steps": 0}, "greater than or equal to 1"),
        ({"steps": 20_001}, "less than or equal to 20000"),
        ({"rank": 129}, "less than or equal to 128"),
        ({"rate": "1"}, "less than or equal to 0.1"),
        ({"rate": "nan"}, "Enter a number"),
        ({"batch": 17}, "less than or equal to 16"),
        ({"resolution": 64}, "greater than or equal to 128"),
        ({"seed": -1}, "greater than or equal to 0"),
    ],
)
def test_lesson_out_of_bounds_is_refused(
    boss: Client, school: School, squares: TrainingSet, words: dict[str, Any], said: str
) -> None:
    assert said in train(boss, squares, **words).content.decode()
    assert not TrainingJob.objects.exists()


def test_set_that_cannot_be_trained_says_why(
    boss: Client, school: School, row: TrainingSet
) -> None:
    sets.add_picture(row.pk, as_png(Image.new("RGB", (64, 64))), "image/png")
    assert (
        f"needs {FEWEST_PICTURES} pictures at least; the set has 1"
        in train(boss, row).content.decode()
    )
    Offer.objects.filter(pk=row.offer_id).update(is_enabled=False)
    assert "switched off" in train(boss, row).content.decode()
    LocalWeights.objects.filter(offer=row.offer_id).delete()
    assert "Only a model of the local engine" in train(boss, row).content.decode()


def test_offer_and_word_stay_once_something_was_trained(
    boss: Client, school: School, ask: Callable[..., TrainingJob]
) -> None:
    job = ask()
    page = reverse("admin:generation_trainingset_change", args=[job.set_id])
    boss.post(page, {"name": "Squares of red", "platform": "", "trigger": "other"})
    job.set.refresh_from_db()
    assert (job.set.name, job.set.trigger) == ("Squares of red", WORD)


def test_page_of_a_training_shows_all_of_it(
    boss: Client, school: School, ask: Callable[..., TrainingJob]
) -> None:
    job = ask()
    waiting = boss.get(page_of(job)).content.decode()
    assert 'data-follow-seconds="2"' in waiting
    assert "It waits until nothing is to be drawn." in waiting
    assert "gives a sign of life" in waiting
    run.run_queue("local")
    done = boss.get(page_of(job)).content.decode()
    assert "data-follow-seconds" not in done
    assert done.count("data-picture=") == 8
    assert 'data-type="line"' in done
    assert deed("offer_it", job) in done
    assert deed("stop_it", job) not in done


def test_training_is_stopped_and_started_again(
    boss: Client, school: School, ask: Callable[..., TrainingJob]
) -> None:
    job = ask()
    boss.post(deed("stop_it", job))
    job.refresh_from_db()
    assert job.state == State.STOPPED
    again = boss.post(deed("stop_it", job), follow=True).content.decode()
    assert "The training has ended" in again
    boss.post(deed("start_it_again", job))
    job.refresh_from_db()
    assert job.state == State.WAITING
    assert "neither stopped" in boss.post(deed("start_it_again", job), follow=True).content.decode()
    trainings.end(
        TrainingJob.objects.filter(pk=job.pk),
        State.FAILED,
        error_code="out_of_memory",
        error_detail="4 GiB",
    )
    html = boss.get(page_of(job)).content.decode()
    assert "too little memory" in html
    assert "4 GiB" in html


def test_lora_is_offered_under_a_name_of_its_own(
    boss: Client, school: School, ask: Callable[..., TrainingJob]
) -> None:
    job = ask()
    words = {"name": "squares", "scale": "0.8"}
    assert "The training is not done." in boss.post(deed("offer_it", job), words).content.decode()
    run.run_queue("local")
    bad = boss.post(deed("offer_it", job), words | {"name": "two words"}).content.decode()
    assert "Letters, digits" in bad
    boss.post(deed("offer_it", job), words)
    place = LocalWeights.objects.get(offer=job.set.offer_id)
    job.refresh_from_db()
    assert place.loras == [{"name": "squares", "file": job.file, "scale": 0.8, "is_usual": False}]
    assert job.offered_as == "squares"
    assert (
        "may name it already, as squares"
        in boss.post(deed("offer_it", job), words).content.decode()
    )
    lesson = {"steps": 6, "rank": 2, "rate": 1e-3}
    other = jobs.ask(job.set_id, lesson, by="carol", once=new_id())
    run.run_queue("local")
    assert "has a LoRA of this name" in boss.post(deed("offer_it", other), words).content.decode()


def test_set_goes_with_all_that_came_of_it_but_its_loras(
    boss: Client, school: School, ask: Callable[..., TrainingJob]
) -> None:
    job = ask()
    assert (
        "A training learns" in boss.post(deed("delete_it", job.set), follow=True).content.decode()
    )
    run.run_queue("local")
    boss.post(deed("offer_it", job), {"name": "squares", "scale": "1"})
    kept = checkpoints.keep(job.pk, "6-1", b"what it learned")
    job.refresh_from_db()
    pictures = [*job.set.pictures.values_list("artifact_id", flat=True)]
    pictures += [uuid.UUID(one["artifact"]) for one in job.samples]
    assert len(pictures) == len(draw_squares()) + 8
    assert "squares" in boss.get(deed("delete_it", job.set)).content.decode()
    answer = boss.post(deed("delete_it", job.set), follow=True)
    assert f"{job.set} was deleted." in answer.content.decode()
    assert not TrainingSet.objects.exists()
    assert not TrainingJob.objects.exists()
    assert not Artifact.objects.filter(pk__in=pictures, gone_at=None).exists()
    clear_folders(UploadFolder.objects.all())
    assert not default_storage.exists(kept)
    assert not any(
        default_storage.exists(key) for key in Artifact.objects.values_list("key", flat=True)
    )
    assert LocalWeights.objects.get().loras[0]["name"] == "squares"
    assert LogEntry.objects.latest("pk").is_deletion()


def test_who_may_only_look_does_nothing(
    client: Client, school: School, ask: Callable[..., TrainingJob]
) -> None:
    job = ask()
    viewer = User.objects.create_user("vera", password="x", is_staff=True)
    codes = ("view_trainingset", "view_trainingjob")
    viewer.user_permissions.set(Permission.objects.filter(codename__in=codes))
    client.force_login(viewer)
    assert client.get(page_of(job)).status_code == 200
    pages = [
        deed("train", job.set), deed("delete_it", job.set), deed("stop_it", job), deed("offer_it", job),
        reverse("admin:generation_trainingset_pictures", args=[job.set_id]),
    ]  # fmt: skip
    assert [client.post(page, {}).status_code for page in pages] == [403] * len(pages)
    job.refresh_from_db()
    assert job.state == State.WAITING
