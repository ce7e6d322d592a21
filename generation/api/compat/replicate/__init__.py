"""`/replicate/v1`: the words of Replicate's predictions."""
