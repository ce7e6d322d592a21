"""The order: tasks, attempts, providers and the local engine."""
