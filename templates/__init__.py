"""The recipes: generation templates with immutable published versions, and styles."""
