"""Run a command and write what it cost to a file descriptor: python -S -E benchmarks/launch.py DESCRIPTOR COMMAND ...

A process of its own, because Linux counts the memory of whoever starts a process as a peak of that process. This one is
small, so a peak is the command's own from some 10 MiB on.
"""

import json
import os
import sys
import time


def main(descriptor: str, *command: str) -> None:
    began = time.monotonic()
    child = os.posix_spawn(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    cost = (time.monotonic() - began, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
    os.write(int(descriptor), json.dumps(cost).encode())
    sys.exit(abs(os.waitstatus_to_exitcode(status)))


if __name__ == "__main__":
    main(*sys.argv[1:])
