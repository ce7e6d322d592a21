"""What a worker process does: claim, have it made, store it. It writes no state itself; `life` does."""
