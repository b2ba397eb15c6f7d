"""What several kinds of tests share: a home, host streams, sounds, sentences."""
