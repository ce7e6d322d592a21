"""Other APIs' words for the hub's orders: each dialect translates, and decides nothing."""
