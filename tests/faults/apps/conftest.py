"""Which fault tests are for the full run alone."""

from tests.faults.processes import COUNT

# Each death of a whole hub's parts, one by one.
collect_ignore = [] if COUNT else ["test_hub_deaths.py"]
