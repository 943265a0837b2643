"""A prompt for SQL: statements end with a semicolon, and what was typed comes back with the arrow keys."""

from collections.abc import Callable, Iterator
from pathlib import Path

from local import paths
from stockcast import failures, saved
from stockcast.console import print_lines, say_error

WELCOME = "SQL, ended by a semicolon, or a saved query's name; `help` says more, Ctrl-D ends."
HELP = "exit, quit or Ctrl-D end; Ctrl-C forgets what is typed. The saved queries: "
LEAVE = ("exit", "quit", "\\q")
KEPT = 1000  # statements of the history


def run(ask: Callable[[str], None], read: Callable[[str], str] = input) -> None:
    """Ask what is typed until its end; an error is told and does not end it."""
    keep = _history()
    print_lines([WELCOME])
    for statement in statements(read):
        if statement == "help":
            print_lines([HELP + ", ".join(saved.names())])
            continue
        keep(statement)
        try:
            query = saved.named(statement)
            ask(query.sql if query else statement)
        except KeyboardInterrupt:
            say_error("interrupted")
        except Exception as error:
            words = failures.sentence(error)
            if not words:
                raise
            say_error(f"error: {words}")


def statements(read: Callable[[str], str]) -> Iterator[str]:
    """What is typed, a statement at a time and without its semicolon, until it ends."""
    lines: list[str] = []
    while True:
        try:
            line = read("...> " if lines else "sql> ").strip()
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            print()
            lines = []
            continue
        if not lines and line.rstrip(";").lower() in LEAVE:
            return
        if line:
            lines.append(line)
        word = line.rstrip("; ").lower()
        if len(lines) == 1 and (word == "help" or saved.named(word)):
            yield word
            lines = []
        elif lines and line.endswith(";"):
            if text := "\n".join(lines).rstrip("; \n"):
                yield text
            lines = []


def _history() -> Callable[[str], None]:
    """Load what was typed before; what keeps one statement more. Without readline nothing is kept."""
    try:
        import readline
    except ImportError:
        return lambda _statement: None
    file: Path = paths.LOGS / "query-history"
    readline.set_history_length(KEPT)
    readline.set_auto_history(False)
    if file.exists():
        readline.read_history_file(file)

    def keep(statement: str) -> None:
        readline.add_history(" ".join(statement.split()) + ("" if saved.named(statement) else ";"))
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            readline.write_history_file(file)
        except OSError as error:
            say_error(f"the history cannot be kept in {file}: {error.strerror}")

    return keep
