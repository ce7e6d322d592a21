"""One of several processes that submit at once: `python -m tests.faults.ledger.submitter NUMBER THREADS`.

The key stands in the environment. It says `ready` when it could begin, begins at the first line it reads,
and prints how often each answer came.
"""

import json
import logging
import os
import sys
import threading
from collections import Counter

import django


def main(number: int, threads: int) -> None:
    django.setup()
    from django.db import connections  # noqa: PLC0415 (only once Django is set up)
    from rest_framework.test import APIClient  # noqa: PLC0415

    logging.disable(logging.WARNING)
    answers: Counter[str] = Counter()

    def submit(times: int) -> None:
        client = APIClient(raise_request_exception=False, SERVER_NAME="127.0.0.1")
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {os.environ['SUBMITTER_KEY']}")
        for _ in range(times):
            answer = client.post("/api/v1/generate", {"prompt": "a star"}, format="json")
            answers[f"{answer.status_code} {answer.json().get('code', '')}"] += 1
        connections.close_all()

    # Addresses are loaded and a connection is opened before the start, so that the race is one.
    APIClient(SERVER_NAME="127.0.0.1").get("/api/v1/health")
    hands = [threading.Thread(target=submit, args=(number // threads,)) for _ in range(threads)]
    print("ready", flush=True)  # noqa: T201 (its answer)
    sys.stdin.readline()
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    print(json.dumps(answers), flush=True)  # noqa: T201 (its answer)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
