"""Merge: each shard's table, from nothing or from a published run's, in any number of shards, in the same bits."""

import dataclasses
import json
from itertools import pairwise

import numpy as np
import pytest

import merge
from common import aws, keys, storage, working
from common.errors import ShardTooCrowded
from stocks import schemas, series
from stocks.contract import COLUMNS
from stocks.dataset import parts
from stocks.dataset.fold import fold
from stocks.dataset.plan import Model, Plan
from stocks.dataset.table import Facts, Table
from tests.support import folding
from tests.support.folding import walked
from tests.support.plans import EXECUTION, draw, put_verdict, run_of, upload_rows

NAMES = ["600000.SS", "AAPL", "BRK-B", "BTC-USD", "EURUSD=X", "KO", "MSFT", "日経"]
CUTS = {"validation_from": "1970-02-10", "decision_from": "1970-02-20", "test_from": "1970-03-10"}
SPLITS = {"KO": {70: 2.0}, "AAPL": {65: 0.1}}
# Bits of the parts and shards; their other pairs run in make test-thorough only.
QUICK = [((0, 1, 3), 2), ((7, 0, 0), 4), ((7, 0, 0), 128), ((0, 1, 3), 512)]


@pytest.fixture(autouse=True)
def cloud(s3):
    return s3


def rows_of(first: int, end: int, names=NAMES, filled: bool = False) -> dict:
    """Days first to before end of these tickers, which a vendor has adjusted for splits of theirs."""
    stocks = {name: walked(seed, 90, splits=SPLITS.get(name, {})) for seed, name in enumerate(NAMES)}
    return upload_rows(filled, **{name: stocks[name].file(first, end) for name in names})


def three(bits=(0, 1, 3)) -> list:
    """A long file, one that overlaps it after splits, and one of some tickers, of different numbers of parts."""
    return [
        put_verdict(rows_of(0, 60), "a.csv", 0, bits[0]),
        put_verdict(rows_of(50, 80), "b.csv", 60, bits[1]),
        put_verdict(rows_of(75, 90, NAMES[::2], filled=True), "c.csv", 120, bits[2]),
    ]


def merged(drawn: Plan, context) -> list[Table]:
    """Run the step for every shard; the tables that it leaves."""
    run, tables = run_of(drawn.execution, drawn.shards), []
    for shard in range(drawn.shards):
        assert merge.handler({"run": run, "shard": shard}, context) == {"shard": shard}
        facts = working.get_json(run, "merged", shard)["facts"]
        tables.append(Table.of(working.get_arrays(run, "rows", shard), [Facts.of(one) for one in facts]))
    return tables


def publish(drawn: Plan, tables: list[Table]) -> None:
    """What Publish keeps of each shard for later runs."""
    run = run_of(drawn.execution)
    for number, table in enumerate(tables):
        shard = series.build(table.rows, CUTS)
        storage.put("lake", keys.lake("prices", run, keys.part(number)), schemas.prices(shard))
        facts = working.get_json(run, "merged", number)["facts"]
        storage.put("lake", keys.lake("facts", run, f"{number:05d}.json"), json.dumps(facts))


def whole(tables: list[Table]) -> dict[str, object]:
    """The bits of all shards' tables as one."""
    facts = sorted((fact for table in tables for fact in table.facts), key=lambda fact: fact.ticker)
    return folding.bits(Table(parts.of_shard([table.rows for table in tables], 0, 0), tuple(facts)))


def test_a_shard_is_the_fold_of_its_uploads_in_the_plans_order(context):
    files = [rows_of(0, 60), rows_of(50, 80), rows_of(75, 90, NAMES[::2], filled=True)]
    (table,) = merged(draw(*three()), context)
    expected = fold(None, [merge.Upload(v.upload.id, rows) for v, rows in zip(three(), files, strict=True)])
    assert folding.bits(table) == folding.bits(expected)
    assert {fact.ticker for fact in table.facts if fact.rescaled} == {"KO", "AAPL"}


def test_the_order_is_the_plans(context):
    first, second, third = three()
    (table,) = merged(draw(first, second, third), context)
    (other,) = merged(draw(second, first, third, execution=f"{EXECUTION}other"), context)
    assert whole([table]) != whole([other])


@pytest.mark.parametrize(
    ("bits", "shards"),
    [
        pytest.param(bits, shards, marks=() if (bits, shards) in QUICK else pytest.mark.thorough)
        for bits in ((0, 1, 3), (7, 0, 0))
        for shards in (2, 4, 128, 512)
    ],
)
def test_the_number_of_shards_and_of_parts_changes_no_bit(context, bits, shards):
    expected = whole(merged(draw(*three()), context))
    tables = merged(draw(*three(bits), shards=shards, execution=f"{EXECUTION}{shards}"), context)
    assert whole(tables) == expected
    for number, table in enumerate(tables):
        own = parts.numbers(table.rows["tickers"], shards.bit_length() - 1)
        assert set(own.tolist()) <= {number}


@pytest.mark.parametrize("base_uploads", [1, 2, 3])
@pytest.mark.parametrize(("base_shards", "shards"), [(1, 1), (4, 1), (1, 4), (2, 8), (16, 2)])
def test_a_base_or_none_gives_the_same_bits(context, base_uploads, base_shards, shards):
    files = three()
    expected = whole(merged(draw(*files), context))
    base = draw(*files[:base_uploads], shards=base_shards, execution=f"{EXECUTION}base")
    publish(base, merged(base, context))
    drawn = draw(*files, base=base, shards=shards, execution=f"{EXECUTION}next")
    assert whole(merged(drawn, context)) == expected


def test_with_a_base_only_the_new_uploads_are_read(context, cloud):
    files = three()
    base = draw(*files[:2], execution=f"{EXECUTION}base")
    publish(base, merged(base, context))
    drawn = draw(*files, base=base, execution=f"{EXECUTION}next")
    cloud.calls.clear()
    merged(drawn, context)
    read = [key for call, key in cloud.calls if call == "get_object" and key.startswith("history/")]
    assert read
    assert {key.rpartition("/")[0] + "/" for key in read} == {files[2].folder}


def test_a_base_of_another_table_than_its_facts_say_is_refused(context):
    files = three()
    base = draw(*files[:2], execution=f"{EXECUTION}base")
    tables = merged(base, context)
    publish(base, tables)
    short = dataclasses.replace(tables[0], rows={n: v[:-1] if n != "tickers" else v for n, v in tables[0].rows.items()})
    prices = schemas.prices(series.build(short.rows, CUTS))
    storage.put("lake", keys.lake("prices", run_of(f"{EXECUTION}base"), keys.part(0)), prices)
    drawn = draw(*files, base=base, execution=f"{EXECUTION}next")
    with pytest.raises(ValueError, match="the facts of ticker '日経' are not of its"):
        merged(drawn, context)


def test_a_part_of_another_upload_is_refused(context, cloud):
    first, second, third = three()
    cloud.objects["lake", f"{first.folder}00000.npz"] = cloud.objects["lake", f"{second.folder}00000.npz"]
    cloud.versions["lake", f"{first.folder}00000.npz"] = cloud.versions["lake", f"{second.folder}00000.npz"]
    with pytest.raises(ValueError, match=f"says upload {second.upload.id}, part 0; start the execution again"):
        merged(draw(first, second, third), context)


def test_more_uploads_than_are_read_at_once_keep_their_order(context, monkeypatch):
    days = [put_verdict(rows_of(day, day + 8), f"{day}.csv", day) for day in range(0, 80, 2)]
    expected = whole(merged(draw(*days), context))
    monkeypatch.setattr(aws, "CONNECTIONS", 3)
    assert whole(merged(draw(*days, execution=f"{EXECUTION}other"), context)) == expected


def test_a_shard_that_no_step_can_hold_is_refused_and_says_what_to_do(context, monkeypatch):
    monkeypatch.setattr(merge, "MOST_ROWS", 100)
    said = (
        r"'600000.SS' and 7 tickers that share its shard, one of 1, have more than 100 rows; deploy with a lower "
        "ShardKilobytes, or upload tickers to datasets of their own"
    )
    with pytest.raises(ShardTooCrowded, match=said):
        merged(draw(*three()), context)


def test_where_there_are_no_more_shards_a_lower_shardkilobytes_is_no_way_out(context, monkeypatch):
    monkeypatch.setattr(merge, "MOST_ROWS", 10)
    with pytest.raises(ShardTooCrowded, match=r", one of 512, have more than 10 rows; upload tickers to datasets of"):
        merged(draw(*three(), shards=512), context)


def test_a_shard_without_tickers_is_left_empty(context):
    tables = merged(draw(put_verdict(rows_of(0, 5, ["KO"])), shards=4), context)
    assert sorted(len(table.facts) for table in tables) == [0, 0, 0, 1]
    empty = [working.get_json(run_of(), "merged", shard) for shard, table in enumerate(tables) if not table.facts]
    assert {(tuple(one["days"]), tuple(one["votes"]), one["hash"]) for one in empty} == {((), (), "0")}


def test_the_report_of_a_shard_says_what_check_data_needs(context):
    late = walked(9, 130).file(20, 130)
    verdict = put_verdict(upload_rows(A=walked(8, 130).file(0, 130), B=late))
    merged(draw(verdict), context)
    report = working.get_json(run_of(), "merged", 0)
    assert report["days"] == list(range(130))
    assert report["counts"] == [1] * 20 + [2] * 110
    assert report["long_on"] == [99, 119]
    assert [fact["ticker"] for fact in report["facts"]] == ["A", "B"]


def test_a_ticker_that_is_not_long_enough_never_is(context):
    merged(draw(put_verdict(rows_of(0, 90, ["KO"]))), context)
    assert working.get_json(run_of(), "merged", 0)["long_on"] == [None]


@pytest.mark.parametrize("column", ["day", *COLUMNS])
def test_the_hash_sees_every_value_and_whose_it_is(column):
    rows = rows_of(0, 60)
    edges = np.searchsorted(rows["ticker"], np.arange(len(NAMES) + 1)).tolist()
    changed = rows | {column: rows[column].copy()}
    changed[column][100] += 1
    assert merge.digest(changed, edges) != merge.digest(rows, edges)
    renamed = rows | {"tickers": np.array([*rows["tickers"][:-1], "日"])}
    assert merge.digest(renamed, edges) != merge.digest(rows, edges)


def test_the_hashes_of_tickers_add_up_whatever_shards_they_are_in():
    rows = rows_of(0, 60)
    edges = np.searchsorted(rows["ticker"], np.arange(len(NAMES) + 1)).tolist()
    found = []
    for at, (first, end) in enumerate(pairwise(edges)):
        own = {name: rows[name][first:end] for name in ("day", *COLUMNS)}
        found.append(merge.digest(own | {"tickers": rows["tickers"][at : at + 1]}, [0, end - first]))
    assert sum(found) % (1 << merge.DIGEST_BITS) == merge.digest(rows, edges)


def test_killed_and_tried_again_it_leaves_the_same(context, monkeypatch):
    drawn, put = draw(*three()), storage.put

    def dying(*arguments, **options):
        put(*arguments, **options)
        raise MemoryError

    with monkeypatch.context() as killed:
        killed.setattr(storage, "put", dying)
        with pytest.raises(MemoryError):
            merged(drawn, context)
    assert whole(merged(drawn, context)) == whole(merged(draw(*three(), execution=f"{EXECUTION}again"), context))


MODEL = Model("us-older", "s3://lake/m", "tag", "made", newest_day=279, test_from=240, rows=840)


@pytest.mark.parametrize(
    ("model", "base_shards", "shards", "changed"),
    [(MODEL, 1, 1, ["B"]), (MODEL, 4, 1, ["B"]), (MODEL, 1, 4, ["B"]), (None, 1, 2, [])],
)
def test_tickers_whose_prices_the_plans_model_learnt_from_have_changed_are_named(
    context, model, base_shards, shards, changed
):
    """A is given again as it was. B had a wrong price, and so had C after the days that were learnt from."""
    stocks = {name: walked(seed, 300) for seed, name in enumerate("ABC")}
    whole = {name: stock.file(0, 280) for name, stock in stocks.items()}
    wrong = whole["B"] | {"adjclose": whole["B"]["adjclose"] * np.where(np.arange(280) == 100, 1.3, 1)}
    late = whole["C"] | {"adjclose": whole["C"]["adjclose"] * np.where(np.arange(280) == 250, 1.3, 1)}
    files = [
        put_verdict(upload_rows(**whole | {"B": wrong, "C": late}), "a.csv"),
        put_verdict(upload_rows(**{name: stock.file(0, 285) for name, stock in stocks.items()}), "b.csv", 60),
    ]
    base = draw(files[0], shards=base_shards, execution=f"{EXECUTION}base")
    publish(base, merged(base, context))
    drawn = draw(*files, base=base, shards=shards, execution=f"{EXECUTION}next", model=model)
    merged(drawn, context)
    reports = (working.get_json(run_of(f"{EXECUTION}next"), "merged", shard) for shard in range(shards))
    assert sorted(name for report in reports for name in report["changed"]) == changed
