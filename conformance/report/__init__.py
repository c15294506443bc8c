"""Reporters: each takes the events of a run and makes something of them for somebody."""
