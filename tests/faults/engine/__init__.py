"""Real workers with the real small model, killed, stopped and hung in the middle of batches."""
