"""What orders and recipes alike may ask for: apps that may not know each other hold to the same limits."""

LARGEST_NUMBER = 9
SIDE_MULTIPLE_PIXELS = 16
