"""Fuzzing: random bytes for each parser of foreign data."""
