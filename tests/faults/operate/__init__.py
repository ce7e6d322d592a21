"""What operators live with: a whole hub under mixed load whose parts die at random, and where each fault is tried."""
