"""From what a model publishes to the source of a typed client."""
