from stocks.health.findings import MOST, Finding, Said, anew, kinds, told

STEP = Said("step", "2020-06-09: the price stepped to 1/7 of the day before; is a split of 7:1 missing?")
EQUAL = Said("equal", "2020-07-01: 11 equal values of price in a row, until 2020-07-15")
END = Said("end", "its last day is 2020-07-15, the dataset's is 2020-08-03")


def test_a_finding_is_new_once():
    assert anew([STEP, END], []) == [STEP, END]
    assert anew([STEP, END], ["u1: no finding", STEP.note]) == [END]


def test_figures_that_went_on_are_nothing_new():
    grown = EQUAL._replace(text="2020-07-01: 1,012 equal values of price in a row, until 2024-07-16")
    later = END._replace(text="its last day is 2020-07-15, the dataset's is 2020-08-04")
    assert anew([grown, later], [EQUAL.note, END.note]) == []


def test_the_same_on_another_day_is_new():
    other = EQUAL._replace(text=EQUAL.text.replace("2020-07-01", "2020-09-01"))
    assert anew([other], [EQUAL.note]) == [other]


def test_a_count_of_older_findings_is_no_finding():
    assert anew([Said("more", "1 older finding")], []) == []


def steps(*days: int) -> list[Said]:
    return told(
        Finding(0, "step", day, f"2020-01-{day:02}: the price stepped to 1/{day} of the day before") for day in days
    )


def test_an_old_finding_that_comes_to_light_when_a_newer_one_is_mended_is_not_new():
    many = [1, 2, 3, *range(4, 4 + MOST)]
    earlier = [one.note for one in steps(*many)]
    assert anew(steps(*many[:-2]), earlier) == []
    assert anew([*steps(*many[:-1], 30), END], earlier) == [steps(30)[0], END]


def test_what_is_as_old_is_new_where_all_were_told():
    earlier = [one.note for one in steps(*range(2, 2 + MOST))]
    assert anew(steps(1, 2), earlier) == steps(1)


def test_kinds_are_named_once():
    assert kinds([STEP, END, STEP]) == "a step like a missing split, an end"


def test_the_digits_of_a_tickers_name_are_no_figures():
    known = ["health: its prices are those of 600000.SS"]
    (said,) = anew([Said("look-alike", "its prices are those of 600001.SS")], known)
    assert said.text.endswith("600001.SS")
    assert anew([Said("look-alike", "its prices are those of 600000.SS")], known) == []
