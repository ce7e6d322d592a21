"""Events as they happen (SSE): who follows what, one feed from the database, and the streams that it fills."""
