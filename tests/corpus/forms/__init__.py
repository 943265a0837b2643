"""Files as price sites, libraries and terminals write them, with invented prices, and an independent reading of each."""

from tests.corpus.forms import asia, crypto, english, europe, exchanges, libraries, programs, vendors
from tests.corpus.forms.form import Form

FORMS: tuple[Form, ...] = (
    *english.FORMS,
    *vendors.FORMS,
    *libraries.FORMS,
    *programs.FORMS,
    *crypto.FORMS,
    *europe.FORMS,
    *asia.FORMS,
    *exchanges.FORMS,
)
