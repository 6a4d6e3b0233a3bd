"""The terminal face: what is too large for cli.py."""
