"""Fuzzing: what reads bytes of others' is given any bytes at all."""
