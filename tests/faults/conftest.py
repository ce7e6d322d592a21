"""Which fault tests are for the full run alone."""

from tests.faults.processes import COUNT

# Each death of a whole hub's parts, one by one: in the suite, tests/embedded lets two of them meet in one order.
collect_ignore = [] if COUNT else ["test_deaths.py"]
