"""What a doorbell's job says of the orders that its worker had."""

import pytest

from generation.work.bells import OrdersFailed, tell


def ended(*hows: str) -> list[dict[str, str]]:
    return [{"task": f"task_{number}", "ended": how} for number, how in enumerate(hows)]


@pytest.mark.parametrize(
    ("hows", "said"),
    [
        ((), "bell of queue local: no order waited"),
        (("completed", "completed"), "bell of queue local: 2 completed"),
        (("waiting", "completed", "step_done"), "bell of queue local: 1 completed, 1 step done, 1 waiting"),
        (("canceled", "unknown"), "bell of queue local: 1 canceled, 1 unknown"),
    ],
)  # fmt: skip
def test_a_bell_counts_its_orders(hows: tuple[str, ...], said: str) -> None:
    assert tell("local", ended(*hows)) == said


def test_a_bell_with_a_failed_order_fails_and_names_it() -> None:
    with pytest.raises(OrdersFailed) as raised:
        tell("local", ended("failed", "completed"))
    assert str(raised.value) == "bell of queue local: 1 completed, 1 failed: task_0"


def test_of_many_the_first_are_named() -> None:
    with pytest.raises(OrdersFailed, match=r"200 failed: task_0, .*task_9, …$"):
        tell("local", ended(*["failed"] * 200))
