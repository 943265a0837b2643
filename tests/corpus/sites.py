"""Files as price sites, libraries and terminals write them: six weeks of each form."""

from tests.corpus.case import ACCEPTED, PLACE, Case
from tests.corpus.forms import FORMS

DAYS = 30

CASES: tuple[Case, ...] = tuple(Case(form.site, PLACE + form.file, form.body(DAYS), ACCEPTED) for form in FORMS)
