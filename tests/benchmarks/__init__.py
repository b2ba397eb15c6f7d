"""Benchmarks: the delay that the integration adds to a bare upload, and its costs.

Everything is measured side by side in one run, in turns, against one emulator that runs in
a process of its own. To add to it: a contender in `contenders`, a link in `link`.
"""
