"""Benchmarks: `python -m tests.bench ID` measures arms side by side and gates on their ratio, never on milliseconds."""
