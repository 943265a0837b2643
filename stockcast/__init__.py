"""The commands of `python -m local`: a module each, with a `command` that gives the exit code."""
