"""The soak: thousands of utterances, with faults and people who go away; what is left of them."""
