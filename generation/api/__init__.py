"""The native API's views."""
