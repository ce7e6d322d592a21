"""The store's conformance list, with the faults of files: also against the server that the environment names."""

from tests.storage.test_conformance import *  # noqa: F403 (its tests are these)
