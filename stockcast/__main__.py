"""stockcast COMMAND: drop files, follow their runs and ask for forecasts, on the laptop or in a stack on AWS.

Ends with 0 if all went well, 1 if not, 2 for words that it does not know, 130 after Ctrl-C.
"""

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # Ctrl-C while the rest loads ends it, and without a traceback

import importlib
import io
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The checkout's packages, wherever the command is typed, and the product's own code, as Lambda and its layer find it.
sys.path[:0] = [str(ROOT)] if str(ROOT) not in sys.path else []
sys.path += [str(ROOT / "functions"), str(ROOT / "training")]

from stockcast import failures, parser  # noqa: E402


def main(words: list[str] | None = None) -> int:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # what a terminal's encoding lacks is shown escaped
            stream.reconfigure(errors="backslashreplace")
    arguments = parser.read(sys.argv[1:] if words is None else words)
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # No other command is loaded: `down` needs neither boto3 nor numpy.
    name = f"stockcast.{arguments.command.replace('-', '_')}"
    return failures.told(lambda: importlib.import_module(name).command(arguments))


if __name__ == "__main__":
    sys.exit(main())
