"""Which objects a crawl looks at, and which folders are tables and partitions of tables.

Glue's Developer Guide, "How does a crawler determine when to create partitions", "Specifying the table location and
partitioning level", "Creating a single schema for each Amazon S3 include path" and "Include and exclude patterns".
"""

import re
from urllib.parse import unquote

from local.crawler.models import File

SIMILAR = 0.7  # share of columns in common from which AWS calls two schemas similar


def is_crawled(key: str, size: int, include: str, exclusions: list[str]) -> bool:
    """Folder markers, empty objects, names that begin with _ or . and what a pattern excludes are not looked at."""
    relative = key.removeprefix(include)
    hidden = any(part.startswith(("_", ".")) for part in relative.split("/"))
    return size > 0 and not hidden and not any(_regex(pattern).fullmatch(relative) for pattern in exclusions)


_PIECE = re.compile(r"\\.|\*\*|\[!?[^\]]+\]|.", re.DOTALL)


def _regex(glob: str) -> re.Pattern:
    """Glue's globs: * and ? stay within a folder, ** does not, [..] and {a,b} choose, \\ escapes."""
    plain = {"**": ".*", "*": "[^/]*", "?": "[^/]", "{": "(?:", "}": ")"}
    parts, depth = [], 0
    for piece in _PIECE.findall(glob):
        depth += {"{": 1, "}": -1}.get(piece, 0)
        if piece == "," and depth:
            parts.append("|")
        elif len(piece) > 1 and piece[0] == "[":
            parts.append(piece.replace("[!", "[^"))
        elif len(piece) == 2 and piece[0] == "\\":
            parts.append(re.escape(piece[1]))
        else:
            parts.append(plain.get(piece, re.escape(piece)))
    return re.compile("".join(parts), re.DOTALL)


def tables(files: list[File], include: str, level: int, combine: bool) -> dict[str, list[File]]:
    """Files by their table's root: a folder's prefix, or the key of a file that is a table by itself.

    The level counts the bucket as 1; at an explicit level nothing is left to decide.
    """
    by_root: dict[str, list[File]] = {}
    for file in files:
        by_root.setdefault(_root(file, include, level), []).append(file)
    grouped: dict[str, list[File]] = {}
    for root, members in by_root.items():
        grouped |= _split(members, root, combine or bool(level))
    return grouped


def _root(file: File, include: str, level: int) -> str:
    depth = max(level - 1, include.count("/")) if level else include.count("/")
    return "".join(f"{part}/" for part in file.folder.split("/")[:-1][:depth])


def _split(files: list[File], root: str, combine: bool) -> dict[str, list[File]]:
    if combine or _are_similar(files):
        return {root: files}
    by_folder: dict[str, list[File]] = {}
    for file in files:
        inner = file.key.removeprefix(root).split("/")
        by_folder.setdefault(root + inner[0] + "/" if len(inner) > 1 else file.key, []).append(file)
    parts: dict[str, list[File]] = {}
    for child, members in by_folder.items():
        parts |= _split(members, child, False) if child.endswith("/") else {child: members}
    return parts


def _are_similar(files: list[File]) -> bool:
    first = set(files[0].columns)
    return all(len(first & set(file.columns)) >= SIMILAR * max(len(first), len(file.columns), 1) for file in files[1:])


def partition(folder: str, root: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Keys and values of a folder below its table's root; one that is not key=value gives partition_0 and so on."""
    keys, values = [], []
    for number, part in enumerate(folder.removeprefix(root).split("/")[:-1]):
        key, equals, value = part.partition("=")
        keys.append(key.lower() if equals else f"partition_{number}")
        values.append(unquote(value) if equals else part)
    return tuple(keys), tuple(values)


def partitions(files: list[File], root: str) -> tuple[tuple[str, ...], dict[str, list[File]], list[str]]:
    """The keys that most folders have, the files of each of those folders, and the folders that have other keys."""
    if not root.endswith("/") and root:
        return (), {root: files}, []
    by_folder: dict[str, list[File]] = {}
    for file in files:
        by_folder.setdefault(file.folder, []).append(file)
    keys = _most([partition(folder, root)[0] for folder in by_folder])
    skipped = [folder for folder in by_folder if partition(folder, root)[0] != keys]
    return keys, {folder: members for folder, members in by_folder.items() if folder not in skipped}, skipped


def _most[T](items: list[T]) -> T:
    """The most frequent item, of equals the first."""
    return max(items, key=items.count)


def table_name(bucket: str, root: str, prefix: str) -> str:
    """The root's last part in lower case, everything else than letters, digits and _ replaced by _."""
    last = root.rstrip("/").rsplit("/", 1)[-1] or bucket
    return re.sub(r"[^a-z0-9_]", "_", (prefix + last).lower())
