"""How long imports take: a process that has imported nothing else, which is this module.

So it imports next to nothing itself.
"""

from importlib import import_module
import sys
from time import perf_counter


def main() -> None:
    """Import the modules of the first argument, then time those of the second."""
    before, names = (argument.split() for argument in sys.argv[1:])
    for name in before:
        import_module(name)
    began = perf_counter()
    for name in names:
        import_module(name)
    sys.stdout.write(f"{perf_counter() - began}\n")


if __name__ == "__main__":
    main()
