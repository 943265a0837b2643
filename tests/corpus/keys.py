"""Names that objects may have. EventBridge delivers keys as they are; S3's own notifications would encode them."""

from tests.corpus.case import ACCEPTED, IGNORED, PLACE, REJECTED_FILE, Case, accepted, bad_file

BODY = b"ticker,date,close\nA,2024-01-02,1\n"
ONE = b"date,close\n2024-01-02,1\n"
LONG = "incoming/" + "d" * 40 + "/"

CASES: tuple[Case, ...] = (
    accepted("a key with spaces", ONE, 1, ("my prices", "2024-01-02", 1.0), "my prices.csv"),
    accepted("a key with a plus sign", ONE, 1, ("a+b", "2024-01-02", 1.0), "a+b.csv"),
    accepted("a key with a percent sign", ONE, 1, ("50%20off%", "2024-01-02", 1.0), "50%20off%.csv"),
    accepted("a key in unicode", ONE, 1, ("日本 é", "2024-01-02", 1.0), "日本 é.csv"),
    accepted("a key in capitals", ONE, 1, ("A", "2024-01-02", 1.0), "A.CSV"),
    accepted("a key with a question mark and an ampersand", ONE, 1, ("a?b&c=d#e", "2024-01-02", 1.0), "a?b&c=d#e.csv"),
    Case(
        "a key of 1,024 bytes",
        LONG + "x" * (1020 - len(LONG)) + ".csv",
        BODY,
        ACCEPTED,
        "",
        1,
        ("A", "2024-01-02", 1.0),
    ),
    bad_file("a name of 1,000 letters for a ticker", ONE, "is longer than 64 characters", "x" * 1000 + ".csv"),
    bad_file("a file called only .csv", ONE, "the file's name is the ticker, and ticker is empty", ".csv"),
    bad_file("a file named like a formula", ONE, "ticker '=1+1' begins with =", "=1+1.csv"),
    Case(
        "a name of a spreadsheet",
        f"{PLACE}prices.xlsx",
        BODY,
        REJECTED_FILE,
        "'prices.xlsx' is by its name a spreadsheet",
    ),
    Case("a name of an archive", f"{PLACE}prices.zip", BODY, REJECTED_FILE, "'prices.zip' is by its name an archive"),
    Case("a name of Parquet", f"{PLACE}prices.parquet", BODY, REJECTED_FILE, "is by its name binary; write it as CSV"),
    Case(
        "a name of xz",
        f"{PLACE}prices.csv.xz",
        BODY,
        REJECTED_FILE,
        "is by its name compressed in another way than gzip",
    ),
    Case(
        "a name of text",
        f"{PLACE}prices.txt",
        BODY,
        REJECTED_FILE,
        "is by its name neither .csv nor .csv.gz; rename it",
    ),
    Case("a name that says nothing", f"{PLACE}prices", BODY, REJECTED_FILE, "'prices' does not end in .csv or .csv.gz"),
    Case(
        "a name with a line break", f"{PLACE}a\nb.csv", BODY, REJECTED_FILE, r"the name 'a\nb.csv' holds a line break"
    ),
    Case(
        "a file outside a dataset",
        "incoming/prices.csv",
        BODY,
        REJECTED_FILE,
        "is not directly in the folder of a dataset",
    ),
    Case("a file two folders deep", f"{PLACE}2024/a.csv", BODY, REJECTED_FILE, "is not directly in the folder of a"),
    Case("a folder called ..", "incoming/../a.csv", BODY, REJECTED_FILE, "the folder '..' cannot name a dataset"),
    Case("a folder without a name", "incoming//a.csv", BODY, REJECTED_FILE, "the folder '' cannot name a dataset"),
    Case(
        "a folder with a space",
        "incoming/my data/a.csv",
        BODY,
        REJECTED_FILE,
        "cannot name a dataset; use a letter, then up to 39 letters, digits or hyphens",
    ),
    Case("a folder marker", f"{PLACE}2024/", b"", IGNORED, "a folder marker"),
    Case("the marker of a folder that is no dataset", "incoming/my data/", b"", IGNORED, "a folder marker"),
)
