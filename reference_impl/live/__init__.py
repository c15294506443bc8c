"""The live profile: an interactive model behind HTTP and WebRTC."""
