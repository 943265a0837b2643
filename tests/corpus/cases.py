"""Every named input: what people, price sites and attackers may drop, and what must become of it."""

from tests.corpus import files, keys, rows, shapes, sites
from tests.corpus.case import Case

CASES: tuple[Case, ...] = (*sites.CASES, *files.CASES, *shapes.CASES, *rows.CASES, *keys.CASES)
