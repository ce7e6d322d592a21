"""`python -m tests.bench ID [--quick]`: the last line on stdout is one JSON object; exit 1 when a goal is missed."""

import argparse
import json
import logging
import sys
import time
from importlib import import_module

from tests.bench import server

MODULES = {
    "ledger-uniform": "tests.bench.ledger_uniform",
    "ledger-hot": "tests.bench.ledger_hot",
    "grow-ledger": "tests.bench.grow_ledger",
}


def main() -> int:
    """Run one benchmark on a server of its own."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("id", choices=MODULES, metavar="ID", help=", ".join(MODULES))
    parser.add_argument("--quick", action="store_true", help="fewer rounds, within a minute")
    words = parser.parse_args()
    began = time.monotonic()
    with server.running():
        logging.disable(logging.WARNING)
        facts = server.describe()
        # Models are imported only once Django is set up.
        report = import_module(MODULES[words.id]).run(is_quick=words.quick)
    seconds = round(time.monotonic() - began, 1)
    answer = {
        "id": words.id,
        **report.to_json(),
        "quick": words.quick,
        "seconds": seconds,
        "machine": facts,
    }
    print(json.dumps(answer), flush=True)  # noqa: T201 (its answer)
    return 0 if answer["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
