"""The API's views of recipes."""
