"""The action profile: a robot streams observations and receives chunks of actions (WebSocket)."""
