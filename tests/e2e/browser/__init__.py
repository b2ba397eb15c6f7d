"""A real browser that speaks: the integration as its users meet it."""
