"""Syndic's formats a second time, in plain Python, sharing no code with `core`."""
