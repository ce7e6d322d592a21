"""Apps are told what happened: endpoints, messages, deliveries. Knows platforms and JSON, never what it tells of."""
