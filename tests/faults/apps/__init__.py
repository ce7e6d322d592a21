"""Apps are told, whatever dies."""
