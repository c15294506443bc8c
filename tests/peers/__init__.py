"""Peers that nobody here wrote, and how the tests find and start them."""
