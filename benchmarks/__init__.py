"""What the protocol costs, measured on the shipped client, server and command."""
