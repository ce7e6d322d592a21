"""The school of the small model; nothing that runs imports it."""
