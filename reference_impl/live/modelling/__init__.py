"""How an interactive model is written: its state, its commands, its messages, its tracks."""
