"""The insides of the server: its gate, its sessions layer by layer, its engine, its connections."""
