"""Credits of an ended task back, by staff: one at a time, or for a whole incident."""
