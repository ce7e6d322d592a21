"""Where the steps of a chain stand."""

from generation.errors import StepCanceled
from generation.models import Output, Task
from generation.states import TASK_LIVE, TaskState


def state_of_step(task: Task, number: int, output: Output | None) -> TaskState:
    """Return where a step of a chain stands, in the words of tasks."""
    if output and output.artifact_id:
        return TaskState.COMPLETED
    if output:
        is_canceled = output.error_code == StepCanceled.code
        return TaskState.CANCELED if is_canceled else TaskState.FAILED
    if task.state in TASK_LIVE:
        return TaskState(task.state) if number == task.step else TaskState.PENDING
    return TaskState(task.state)
