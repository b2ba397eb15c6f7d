"""Support for several kinds of tests: a home, audio streams, sounds, sentences."""
