"""What the crawler decides without a cloud: which objects, which tables, which types."""

import pytest

from local.crawler import layout, tables, types
from local.crawler.models import File

XY = (("x", "int"), ("y", "string"))


def file(key, columns=XY):
    return File(key, 100, columns, 10)


@pytest.mark.parametrize(
    ("key", "size"),
    [("t/_SUCCESS", 1), ("t/.hidden", 1), ("t/_temporary/0/a.parquet", 9), ("t/empty.parquet", 0), ("t/d/", 0)],
)
def test_hidden_and_empty_objects_are_not_crawled(key, size):
    assert not layout.is_crawled(key, size, "t/", [])
    assert layout.is_crawled("t/d/a.parquet", 1, "t/", [])


@pytest.mark.parametrize(
    ("pattern", "excluded"),
    [
        ("*.csv", {"a.csv"}),
        ("**.csv", {"a.csv", "d/b.csv", "d/e/c.csv"}),
        ("d/*", {"d/b.csv", "d/b.json"}),
        ("d/**", {"d/b.csv", "d/b.json", "d/e/c.csv"}),
        ("{a,d/b}.csv", {"a.csv", "d/b.csv"}),
        ("?.[!c]*", {"a.txt"}),
        ("\\*", {"*"}),
    ],
)
def test_exclusions_are_globs_below_the_include_path(pattern, excluded):
    keys = {"a.csv", "a.txt", "d/b.csv", "d/b.json", "d/e/c.csv", "*"}
    assert {key for key in keys if not layout.is_crawled(f"t/{key}", 1, "t/", [pattern])} == excluded


def test_every_folder_part_is_a_partition_key():
    assert layout.partition("t/Year=2024/run=a%3Ab/", "t/") == (("year", "run"), ("2024", "a:b"))
    assert layout.partition("t/2024/x=1/", "t/") == (("partition_0", "x"), ("2024", "1"))


def test_the_table_level_counts_the_bucket_as_one():
    files = [file("lake/a/p=1/f"), file("lake/b/p=1/f")]
    assert sorted(layout.tables(files, "", 3, combine=True)) == ["lake/a/", "lake/b/"]
    assert list(layout.tables(files, "", 2, combine=True)) == ["lake/"]
    assert list(layout.tables(files, "lake/", 0, combine=True)) == ["lake/"]


def test_unlike_schemas_are_one_table_only_if_told_so():
    files = [file("t/year=2017/f", (("a", "int"),)), file("t/year=2018/f", (("c", "int"),))]
    assert list(layout.tables(files, "t/", 0, combine=True)) == ["t/"]
    parted = layout.tables(files, "t/", 0, combine=False)
    assert [layout.table_name("b", root, "") for root in parted] == ["year_2017", "year_2018"]


def test_folders_with_other_keys_than_most_are_skipped():
    files = [file("t/a=1/b=1/f"), file("t/a=1/b=2/f"), file("t/a=1/f"), file("t/a=1/c=1/f")]
    keys, folders, skipped = layout.partitions(files, "t/")
    assert (keys, set(folders), skipped) == (("a", "b"), {"t/a=1/b=1/", "t/a=1/b=2/"}, ["t/a=1/", "t/a=1/c=1/"])


def test_table_names_are_plain():
    assert layout.table_name("my-bucket", "", "") == "my_bucket"
    assert layout.table_name("b", "x/My Table/", "Raw-") == "raw_my_table"


def test_columns_widen_and_what_does_not_fit_is_a_string():
    files = [file("a", (("n", "int"), ("s", "int"))), file("b", (("n", "double"), ("s", "date"), ("z", "date")))]
    assert tables.columns(files) == ((("n", "double"), ("s", "string"), ("z", "date")), ["s"])


def node(name, kind=None, children=None, repetition="OPTIONAL", converted=None, logical=None, **rest):
    return {"name": name, "type": kind, "num_children": children, "repetition_type": repetition,
            "converted_type": converted, "logical_type": logical, "scale": None, "precision": None, **rest}  # fmt: skip


def test_lists_of_older_writers():
    schema = [
        node("root", children=4),
        node("repeated", "INT32", repetition="REPEATED"),
        node("two", children=1, converted="LIST"),
        node("array", "INT32", repetition="REPEATED"),
        node("avro", children=1, converted="LIST"),
        node("array", children=1, repetition="REPEATED"),
        node("a", "INT64"),
        node("thrift", children=1, converted="LIST"),
        node("thrift_tuple", children=1, repetition="REPEATED"),
        node("b", "INT64"),
    ]
    assert types.columns(schema) == (
        ("repeated", "array<int>"),
        ("two", "array<int>"),
        ("avro", "array<struct<a:bigint>>"),
        ("thrift", "array<struct<b:bigint>>"),
    )
