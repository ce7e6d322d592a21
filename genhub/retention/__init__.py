"""What is deleted when: rules of every app, one loop that carries them out, one report."""
