"""What DESIGN.md promises in figures, measured on this machine: `python -m benchmarks` or `make bench`.

It stands on the commands, on bootstrap and on the simulator; the product is not changed for it.
"""
