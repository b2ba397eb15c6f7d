"""One Azure resource in use: its client, its request queue, its health, its usage."""
