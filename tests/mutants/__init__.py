"""Seeded mutants: `python -m tests.mutants [WORD]` breaks the code on purpose, and the suite must notice each time."""
