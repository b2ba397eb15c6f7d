"""The soak: thousands of utterances, with faults and cancellations; and their leftovers."""
