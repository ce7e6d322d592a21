"""The seed of whatever a test draws by lot."""

import os
import random

import pytest


@pytest.fixture
def seed() -> int:
    """A seed that a failing test shows; FAULT_SEED repeats it."""
    seed = int(os.environ.get("FAULT_SEED", "0")) or random.randrange(1, 2**31)
    print(f"FAULT_SEED={seed}")  # noqa: T201 (pytest shows it when the test fails)
    return seed
