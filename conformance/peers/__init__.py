"""Peers that the kit speaks through: live ones, and recorded ones."""
