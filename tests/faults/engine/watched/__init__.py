"""What a process of the hub is watched by: its folder goes onto the path of Python's own start."""
