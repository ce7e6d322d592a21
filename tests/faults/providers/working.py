"""Works on the vendors' queue until it is killed: a worker without its broker, which starts in less time."""

import time

import django

from tests.faults.providers import slow_vendor


def work() -> None:
    """Take every order that comes."""
    from generation.providers import registry  # noqa: PLC0415 (once Django is set up)
    from generation.work.run import run_queue  # noqa: PLC0415 (once Django is set up)

    registry.ADAPTERS[slow_vendor.NAME] = slow_vendor.PATH
    while True:
        run_queue("remote")
        time.sleep(0.05)


if __name__ == "__main__":
    django.setup()
    work()
