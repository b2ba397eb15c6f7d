"""Tests. README.md says which kinds there are and when to run them."""
