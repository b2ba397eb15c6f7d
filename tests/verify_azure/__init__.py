"""Tests of scripts/verify-azure, which run it against the emulator."""
