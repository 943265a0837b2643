"""The command line. parser.py knows the words; each command is a module with a `command` that gives the exit code."""
