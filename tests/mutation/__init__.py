"""Mutation tests: whether the tests of the client and the policy notice broken code."""
