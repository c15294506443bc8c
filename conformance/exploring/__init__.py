"""Conversations that nobody wrote down: made from the state table, held, judged, and shortened."""
