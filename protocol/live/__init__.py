"""The live profile: interactive models that stream media. HTTP and WebRTC."""
