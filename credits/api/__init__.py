"""The API's views of credits."""
