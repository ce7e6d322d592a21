"""Works on the vendors' queue until it is killed: a worker without its broker, which starts in a fraction of the time."""

import time

import django


def work() -> None:
    from generation.work.run import run_queue  # noqa: PLC0415 (once Django is set up)

    while True:
        run_queue("remote")
        time.sleep(0.05)


if __name__ == "__main__":
    django.setup()
    work()
