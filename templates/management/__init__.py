"""What operators do with templates on the command line."""
