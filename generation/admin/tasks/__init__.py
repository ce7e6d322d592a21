"""Pages of tasks, and of the queues they wait in."""
