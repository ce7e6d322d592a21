"""The only writer of the states of tasks and attempts, and of what moves with them."""
