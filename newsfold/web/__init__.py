"""The stories as a web page and as JSON."""
