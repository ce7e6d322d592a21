"""The files: pictures and thumbnails behind signed links. It knows nothing of tasks."""
