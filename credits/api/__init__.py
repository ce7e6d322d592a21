"""The API's views of credits, by noun."""
