"""`/v1`: the words of OpenAI's Images API."""
