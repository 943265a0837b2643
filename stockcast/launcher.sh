#!/bin/sh
# The command stockcast. make copies it into .venv/bin; a link to that copy works, too, and so does a checkout that moved.
self=$0
while [ -h "$self" ]; do
    target=$(readlink "$self")
    case $target in
        /*) self=$target ;;
        *) self=$(dirname "$self")/$target ;;
    esac
done
root=$(CDPATH='' cd "$(dirname "$self")/../.." && pwd) || exit 1
# Hints name the command as it was typed.
export STOCKCAST="$0"
exec "$root/.venv/bin/python" -P "$root/stockcast/__main__.py" "$@"
