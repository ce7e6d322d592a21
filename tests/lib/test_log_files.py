"""Several processes write lines into one file that turns over: none is lost or broken."""

import json
import subprocess
import sys
from pathlib import Path

from genhub.settings.logs import FILES, KEPT, logging_config

LARGEST_BYTES, LONGEST_LINE_BYTES, LINES, WRITERS = 40_000, 200, 300, 3
WRITER = """
import logging, logging.config, sys
from genhub.settings.logs import logging_config
config = logging_config(folder=sys.argv[1])
config["handlers"]["jobs"]["maxBytes"] = {largest}
logging.config.dictConfig(config)
for number in range({lines}):
    logging.getLogger("genhub.jobs").info("attempt", extra={{"of": int(sys.argv[2]), "number": number}})
"""


def test_no_line_is_lost_or_broken_where_the_file_turns_over(tmp_path: Path) -> None:
    program = WRITER.format(largest=LARGEST_BYTES, lines=LINES)
    writers = [
        subprocess.Popen([sys.executable, "-c", program, str(tmp_path), str(number)])
        for number in range(WRITERS)
    ]
    assert [writer.wait() for writer in writers] == [0] * WRITERS
    files = sorted(tmp_path.glob("jobs.jsonl*"))
    assert 1 < len(files) <= KEPT + 1
    # It turns over behind the line that fills it.
    assert all(file.stat().st_size < LARGEST_BYTES + LONGEST_LINE_BYTES for file in files)
    told = [json.loads(line) for file in files for line in file.read_text().splitlines()]
    wanted = {(of, number) for of in range(WRITERS) for number in range(LINES)}
    assert {(one["of"], one["number"]) for one in told} == wanted
    assert len(told) == len(wanted)


def test_without_a_folder_they_go_to_the_console() -> None:
    handlers = logging_config(folder="")["handlers"]
    assert {handlers[name]["class"] for name in FILES} == {"logging.StreamHandler"}
