"""The handbook: Markdown by subject in two languages, read in the repository's browser and served at /handbook/."""
