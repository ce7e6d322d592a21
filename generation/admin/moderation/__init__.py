"""Pages of moderation: terms, services, refused prompts, and the desk."""
