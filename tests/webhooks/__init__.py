"""Apps are told: signed, at least once, under one id, and nobody waits for another."""
