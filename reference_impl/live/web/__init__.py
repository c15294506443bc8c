"""The HTTP side of the live profile's server."""
