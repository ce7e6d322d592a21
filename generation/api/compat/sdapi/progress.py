"""How far an order is, as WebUI says it."""

from typing import Any

from generation.api.answers import MESSAGES, answer_preview, answer_queue
from generation.api.compat.sdapi.orders import DIALECT
from generation.models import Task
from generation.selectors.tasks import progress_of
from generation.states import TaskState
from genhub.lib.ids import to_wire


def answer_progress(task: Task | None, *, shows_picture: bool) -> dict[str, Any]:
    """Return how far an order is, its rest in seconds as it went so far, and its preview in base64; None: there is no
    order, and nothing to tell."""
    if task is None:
        return {
            "progress": 0.0, "eta_relative": 0.0, "state": answer_state(None, 0.0), "current_image": None,
            "textinfo": None, "current_task": None,
        }  # fmt: skip
    done = progress_of(task)
    picture = answer_preview(task) if shows_picture else None
    return {
        "progress": round(done, 4),
        "eta_relative": round(estimate_rest(task, done), 2),
        "state": answer_state(task, done),
        # Without what makes it a data URI.
        "current_image": picture.partition(",")[2] if picture else None,
        "textinfo": MESSAGES[TaskState(task.state)](),
        "current_task": find_name(task),
    }


def find_name(task: Task) -> str:
    """Return what the client calls a task, else its id; metadata of the same key may also be the customer's own."""
    told = task.metadata[DIALECT]
    name = told.get("force_task_id") if isinstance(told, dict) else None
    return str(name or to_wire("task", task.pk))


def estimate_rest(task: Task, done: float) -> float:
    """Return the seconds until a task ends if it goes on as before, or until it begins; 0: nobody knows."""
    elapsed = getattr(task, "elapsed", None)
    if done and elapsed is not None:
        return float(elapsed.total_seconds()) * (1 - done) / done
    place = answer_queue(task)
    return float(place["starts_in_seconds"] or 0.0) if place else 0.0


def answer_state(task: Task | None, done: float) -> dict[str, Any]:
    """Return what is under way."""
    steps = (task.spec["steps"] or 0) if task else 0
    return {
        "skipped": False,
        "interrupted": False,
        "stopping_generation": False,
        "job": to_wire("task", task.pk) if task else "",
        "job_count": 1 if task else 0,
        "job_timestamp": f"{task.created_at:%Y%m%d%H%M%S}" if task else "0",
        "job_no": 0,
        "sampling_step": int(steps * done),
        "sampling_steps": steps,
    }
