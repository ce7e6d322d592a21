"""The project's commands: what joins several apps."""
