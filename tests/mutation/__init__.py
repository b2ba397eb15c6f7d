"""Mutation tests: whether the tests of the client and the policy notice what is broken."""
