"""A training gives way to orders, stops when staff say so, and goes on where a dead worker left it."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.db.models.functions import Now
from pytest_django import Settings
from rest_framework.test import APIClient

from generation.fine_tuning import sets
from generation.life import doorbell, rescue, steering, trainings
from generation.life.claims import LeaseLost
from generation.models import Account, TrainingJob, TrainingSet
from generation.retention import RULES
from generation.work import run, training
from generation.work.process import draining
from genhub.lib.errors import Problem
from genhub.platforms.house import find_house
from storage import checkpoints
from storage.models import Artifact
from storage.services import list_names
from tests.fine_tuning.conftest import STEPS
from tests.fine_tuning.school import School
from tests.fine_tuning.taught import NUMBER, WORD
from tests.steps import submit

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("right_books")]
State = TrainingJob.State
Ask = Callable[..., TrainingJob]
SHEET = 8


def read(job: TrainingJob) -> TrainingJob:
    job.refresh_from_db()
    return job


def listen(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the queues that are rung from now on; nobody comes."""
    rung: list[str] = []

    def note(queue: str) -> bool:
        rung.append(queue)
        return True

    monkeypatch.setattr(doorbell, "ring", note)
    return rung


def fail_lease(job: TrainingJob) -> None:
    """Let the lease of a worker that is dead run out."""
    training.hands.let_go()
    TrainingJob.objects.filter(pk=job.pk).update(lease_expires_at=Now() - timedelta(seconds=1))


def test_training_is_done_where_nothing_is_to_be_drawn(
    school: School, ask: Ask, loras: Path
) -> None:
    job = ask()
    run.run_queue("local")
    read(job)
    assert (job.state, job.step, job.prepared, job.error_code) == (State.DONE, STEPS, NUMBER, "")
    assert school.deeds[:NUMBER] == ["prepare"] * NUMBER
    assert school.deeds[NUMBER : NUMBER + STEPS] == [f"step {n}" for n in range(1, STEPS + 1)]
    assert Path(job.file).parent == loras
    assert Path(job.file).is_file()
    assert [point[0] for point in job.losses] == list(range(1, STEPS + 1))
    assert job.loss == 1 / STEPS
    # The sheet: each prompt without the LoRA and with it.
    assert school.deeds[NUMBER + STEPS :] == [one["prompt"] for one in job.samples]
    assert [one["worn"] for one in job.samples] == [False, True] * (SHEET // 2)
    assert job.samples[0]["prompt"] == WORD
    found = Artifact.objects.filter(pk__in=[one["artifact"] for one in job.samples])
    assert {row.platform_id for row in found} == {find_house().pk}
    assert found.count() == SHEET
    # Nobody needs its checkpoints any more.
    assert list_names(checkpoints.folder_of(job.pk)) == []


def test_order_is_drawn_after_the_step_under_way(
    alice: APIClient, school: School, ask: Ask
) -> None:
    job = ask()

    def come(step: int) -> None:
        if step == 3:
            submit(alice, "urgent")

    school.in_step = come
    ended = run.run_queue("local")
    assert [entry["ended"] for entry in ended] == ["completed"]
    assert school.deeds[NUMBER : NUMBER + 5] == ["step 1", "step 2", "step 3", "urgent", "step 4"]
    assert read(job).state == State.DONE


def test_order_that_comes_while_pictures_are_looked_at_waits_for_one(
    alice: APIClient, school: School, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask()
    look = trainings.write

    def come(claim: trainings.TrainingClaim, **values: object) -> None:
        look(claim, **values)
        if values.get("prepared") == 1:
            submit(alice, "urgent")

    monkeypatch.setattr(trainings, "write", come)
    run.run_queue("local")
    assert school.deeds[:3] == ["prepare", "urgent", "prepare"]


def test_order_that_comes_while_the_sheet_is_drawn_comes_first(
    alice: APIClient, school: School, ask: Ask
) -> None:
    job = ask()
    note = school.before_drawing

    def come(works: object) -> None:
        note(works)  # type: ignore[arg-type]
        if school.deeds.count(WORD) == 2 and "urgent" not in school.deeds:
            submit(alice, "urgent")

    school.before_drawing = come
    run.run_queue("local")
    drawn = school.deeds[NUMBER + STEPS :]
    # The picture under way is left, and drawn anew afterwards.
    assert drawn[:4] == [WORD, WORD, "urgent", WORD]
    assert read(job).state == State.DONE
    assert len(job.samples) == SHEET


def test_waiting_orders_come_before_a_training_that_waits_longer(
    alice: APIClient, school: School, ask: Ask
) -> None:
    ask()
    for prompt in ("a", "b"):
        submit(alice, prompt)
    run.run_queue("local")
    assert school.deeds[:3] == ["a", "b", "prepare"]


def test_staff_stop_it_at_its_next_step_and_start_it_again(school: School, ask: Ask) -> None:
    job = ask()
    school.in_step = lambda step: trainings.stop(job.pk) if step == 2 else None
    run.run_queue("local")
    assert school.deeds[-1] == "step 2"
    assert read(job).state == State.STOPPED
    assert training.hands.held is None
    with pytest.raises(Problem, match="nothing left to stop"):
        trainings.stop(job.pk)
    school.in_step = lambda step: None
    trainings.start_again(job.pk)
    run.run_queue("local")
    assert read(job).state == State.DONE
    with pytest.raises(Problem, match="Only such a one"):
        trainings.start_again(job.pk)


def test_death_of_its_worker_costs_the_steps_since_its_checkpoint(
    school: School, ask: Ask, settings: Settings
) -> None:
    job = ask()
    settings.TRAINING_CHECKPOINT_SECONDS = 0

    def die(step: int) -> None:
        if step == 4:
            held = training.hands.held
            assert held
            assert held.saving
            held.saving.result()
            raise SystemExit

    school.in_step = die
    with pytest.raises(SystemExit):
        run.run_queue("local")
    assert read(job).state == State.RUNNING
    # Begun once the one before has arrived, so that it may be any.
    known = job.checkpoint_step
    assert 1 <= known <= 3
    fail_lease(job)
    before = len(school.deeds)
    school.in_step = lambda step: None
    run.run_queue("local")
    read(job)
    assert (job.state, job.deaths) == (State.DONE, 0)
    after = [deed for deed in school.deeds[before:] if deed.startswith("step")]
    assert after == [f"step {number}" for number in range(known + 1, STEPS + 1)]


def test_training_that_ends_its_workers_is_failed(school: School, ask: Ask) -> None:
    job = ask()

    def die(step: int) -> None:
        raise SystemExit

    school.in_step = die
    for _ in range(trainings.MOST_DEATHS + 1):
        with pytest.raises(SystemExit):
            run.run_queue("local")
        fail_lease(job)
    assert run.run_queue("local") == []
    assert (read(job).state, job.error_code) == (State.FAILED, trainings.QUARANTINED)


def test_late_worker_writes_nothing(school: School, ask: Ask) -> None:
    job = ask()
    first = trainings.claim_next("local", worker="a")
    assert first
    assert trainings.claim_next("local", worker="b") is None
    fail_lease(job)
    second = trainings.claim_next("local", worker="b")
    assert second
    assert second.token == first.token + 1
    acts: list[Callable[[], None]] = [
        partial(trainings.note_step, first, 1, 0.5, None),
        partial(trainings.note_checkpoint, first, "k", 1),
        partial(trainings.note_sample, first, {}),
        partial(trainings.finish, first),
    ]
    for act in acts:
        with pytest.raises(LeaseLost):
            act()
    trainings.fail(first, "out_of_memory", "late")
    trainings.put_down(first)
    assert (read(job).state, job.worker, job.step) == (State.RUNNING, "b", 0)


def test_worker_that_is_told_to_stop_leaves_all_that_was_learned(
    school: School, ask: Ask, drain: object
) -> None:
    job = ask()
    school.in_step = lambda step: draining.set() if step == 3 else None
    run.run_queue("local")
    read(job)
    assert (job.state, job.step, job.checkpoint_step, job.worker) == (State.WAITING, 3, 3, "")
    assert default_storage.exists(job.checkpoint)
    draining.clear()
    school.in_step = lambda step: None
    run.run_queue("local")
    assert [deed for deed in school.deeds if deed.startswith("step")] == [
        f"step {n}" for n in range(1, STEPS + 1)
    ]


def test_paused_queue_trains_nothing(
    school: School, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "ASK_SECONDS", 0.0)
    job = ask()

    def pause(step: int) -> None:
        if step == 2:
            steering.pause("local", by="carol", reason="We look at the card.")

    school.in_step = pause
    run.run_queue("local")
    assert (read(job).state, job.step, job.checkpoint_step) == (State.WAITING, 2, 2)
    assert run.run_queue("local") == []
    assert school.deeds[-1] == "step 2"
    steering.resume("local", by="carol", reason="We have looked at it.")
    run.run_queue("local")
    assert read(job).state == State.DONE


def test_training_that_cannot_be_done_says_why(school: School, ask: Ask, loras: Path) -> None:
    job = ask()

    def break_off(step: int) -> None:
        raise ZeroDivisionError("told to break")

    school.in_step = break_off
    run.run_queue("local")
    read(job)
    assert (job.state, job.error_code) == (State.FAILED, "generation_failed")
    assert "told to break" in job.error_detail
    loras.write_text("a file where a folder is to be")
    trainings.start_again(job.pk)
    school.in_step = lambda step: None
    run.run_queue("local")
    assert (read(job).state, job.error_code) == (State.FAILED, "not_written")
    # What it learned is kept: with room on the disk it is only written.
    loras.unlink()
    before = len(school.deeds)
    trainings.start_again(job.pk)
    run.run_queue("local")
    assert read(job).state == State.DONE
    assert not [deed for deed in school.deeds[before:] if deed.startswith("step")]


def test_picture_that_is_gone_is_told(school: School, ask: Ask) -> None:
    job = ask()
    Artifact.objects.filter(pk=job.pictures[0]["artifact"]).update(gone_at=Now())
    run.run_queue("local")
    assert (read(job).state, job.error_code) == (State.FAILED, "picture_gone")


def test_device_that_trains_nothing_says_so(ask: Ask) -> None:
    job = ask()
    Account.objects.filter(alias="local").update(adapter="stub")
    run.run_queue("local")
    assert (read(job).state, job.error_code) == (State.FAILED, "provider_unsupported")


def test_forgotten_training_is_rung_for_once_in_a_while(
    school: School, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask()
    rung = listen(monkeypatch)
    assert rescue.sweep() == 0
    TrainingJob.objects.filter(pk=job.pk).update(moved_at=Now() - trainings.SILENCE)
    assert rescue.sweep() == 1
    assert rescue.sweep() == 0
    assert rung == ["local"]


def test_job_of_a_bell_ends_and_the_next_goes_on(
    school: School, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = ask()
    rung = listen(monkeypatch)
    monkeypatch.setattr(run, "LONGEST_JOB_SECONDS", 0.0)
    for _ in range(3):
        training.go_on("local", 0.0)
    assert school.deeds == ["prepare"] * 3
    assert training.hands.held
    assert read(job).state == State.RUNNING
    run.run_queue("local")
    assert rung == ["local"]


def test_pictures_of_a_set_outlive_the_age_of_uploads(squares: TrainingSet) -> None:
    rule = next(rule for rule in RULES if rule.name == "uploads")
    kept = set(squares.pictures.values_list("artifact_id", flat=True))
    assert kept
    assert not rule.find().filter(pk__in=kept).exists()
    # Once staff take one out, its files go at once, and its row is no more one of a set.
    sets.remove_pictures(squares.pk, {squares.pictures.all()[0].pk})
    assert Artifact.objects.filter(pk__in=kept, gone_at=None).count() == len(kept) - 1
