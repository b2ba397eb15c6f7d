"""Tests of the client, over a real socket to the emulator."""
