"""The inside of the live profile's server."""
