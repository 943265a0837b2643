"""What the named queries must answer, worked out with pandas from the lake's Parquet."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from stocks.contract import QUANTILES

type Tables = dict[str, pd.DataFrame]

TABLES = ("predictions", "metrics", "runs", "tickers", "prices", "files")
BETTER = {1: -2.0, 5: -2.0, 20: -2.3}  # by horizon: a Diebold-Mariano statistic below is beyond chance


def read(lake: Path) -> Tables:
    """The tables from a copy of the lake's folders; the days as dates."""
    found = {name: pd.read_parquet(lake / name) for name in TABLES}
    keys = {name: [key for key in ("dataset", "run_id") if key in frame] for name, frame in found.items()}
    return {name: frame.astype(dict.fromkeys(keys[name], str)) for name, frame in found.items()}


def newest(tables: Tables) -> pd.DataFrame:
    """dataset and run_id of each dataset's run of the highest term, of those that views read."""
    runs = tables["runs"].query("schema == 2").sort_values("term")
    return runs.groupby("dataset").tail(1)[["dataset", "run_id"]]


def _of_newest(tables: Tables, name: str) -> pd.DataFrame:
    return tables[name].merge(newest(tables), on=["dataset", "run_id"])


def _future(tables: Tables) -> pd.DataFrame:
    rows = _of_newest(tables, "predictions").query("split == 'future'")
    shares = {f"{name}_pct": 100 * (rows[name] / rows["naive"] - 1) for name in ("forecast", *QUANTILES)}
    return rows.assign(last_price=rows["naive"], expected_move_pct=100 * rows["expected_move"], **shares)


def _test(tables: Tables) -> pd.DataFrame:
    rows = _of_newest(tables, "predictions").query("split == 'test'")
    return rows.assign(
        forecast_share=(rows["forecast"] - rows["actual"]).abs() / rows["actual"],
        naive_share=(rows["naive"] - rows["actual"]).abs() / rows["actual"],
        inside_80=rows["actual"].between(rows["p10"], rows["p90"]),
        inside_95=rows["actual"].between(rows["p025"], rows["p975"]),
    )


def next_day(tables: Tables) -> pd.DataFrame:
    rows = _future(tables).query("horizon == 1").sort_values(["dataset", "ticker"])
    return rows[
        ["dataset", "ticker", "target_date", "last_price", "forecast", "p10", "p90", "expected_move_pct", "lstm"]
    ]


def largest_moves(tables: Tables) -> pd.DataFrame:
    rows = _future(tables).query("horizon == 20")
    rows = rows.sort_values(["expected_move_pct", "dataset", "ticker"], ascending=[False, True, True]).head(20)
    percent = ["expected_move_pct", "p10_pct", "p90_pct", "forecast_pct"]
    return rows[["dataset", "ticker", "target_date", "last_price", *percent]]


def riskiest(tables: Tables) -> pd.DataFrame:
    rows = _future(tables)
    rows = rows.assign(width_pct=rows["p975_pct"] - rows["p025_pct"])
    rows = rows.sort_values(["horizon", "width_pct", "dataset", "ticker"], ascending=[True, False, True, True])
    return rows[["dataset", "ticker", "horizon", "last_price", "width_pct"]]


def best_model(tables: Tables) -> pd.DataFrame:
    rows = _of_newest(tables, "metrics").query("ticker == '*'")
    place = rows.groupby(["dataset", "horizon"])["rmse_vs_naive"].rank("min").astype("Int64")
    ratio, dm_t = rows["rmse_vs_naive"], rows["dm_t"]
    beyond = ((ratio < 1) & (dm_t < rows["horizon"].map(BETTER))).where(dm_t.notna() | (ratio >= 1), None)
    rows = rows.assign(place=place, beats_naive=(ratio < 1).where(ratio.notna(), None), beyond_chance=beyond)
    ratios = ["rmse_vs_naive", "rmse_vs_naive_median", "beats_naive", "dm_t", "beyond_chance", "pinball_vs_constant"]
    return rows.sort_values(["dataset", "horizon", "place", "model"])[["dataset", "horizon", "place", "model", *ratios]]


def tickers_that_beat_naive(tables: Tables) -> pd.DataFrame:
    rows = _of_newest(tables, "metrics").query("ticker != '*' and model != 'naive' and rmse_vs_naive == rmse_vs_naive")
    rows = rows.assign(better=rows["rmse_vs_naive"] < 1, beyond=rows["dm_t"] < rows["horizon"].map(BETTER))
    groups = rows.groupby(["dataset", "horizon", "model"])
    found = groups.agg(tickers=("better", "size"), better=("better", "sum"), better_pct=("better", "mean"))
    found = found.assign(better_pct=100 * found["better_pct"], better_beyond_chance=groups["beyond"].sum())
    return found.assign(expected_by_chance=0.025 * groups["dm_t"].count()).reset_index()


def coverage_by_month(tables: Tables) -> pd.DataFrame:
    rows = _test(tables)
    rows = rows.assign(month=[day.replace(day=1) for day in rows["target_date"]])
    groups = rows.groupby(["dataset", "horizon", "month"])
    return pd.DataFrame(
        {
            "forecasts": groups.size(),
            "inside_80_pct": 100 * groups["inside_80"].mean(),
            "inside_95_pct": 100 * groups["inside_95"].mean(),
        }
    ).reset_index()


def usual_errors(tables: Tables) -> pd.DataFrame:
    rows = _test(tables)
    groups = rows.groupby(["dataset", "horizon"])
    worst = rows.loc[groups["forecast_share"].idxmax()].set_index(["dataset", "horizon"])
    return pd.DataFrame(
        {
            "forecasts": groups.size(),
            "median_pct": 100 * groups["forecast_share"].quantile(0.5),
            "bad_day_pct": 100 * groups["forecast_share"].quantile(0.95),
            "worst_ticker": worst["ticker"],
            "worst_date": worst["target_date"],
        }
    ).reset_index()


def worst_days(tables: Tables) -> pd.DataFrame:
    groups = _test(tables).query("horizon == 1").groupby(["dataset", "target_date"])
    found = pd.DataFrame(
        {
            "tickers": groups["ticker"].nunique(),
            "forecast_error_pct": 100 * groups["forecast_share"].mean(),
            "naive_error_pct": 100 * groups["naive_share"].mean(),
        }
    ).reset_index()
    return found.sort_values(["forecast_error_pct", "dataset", "target_date"], ascending=[False, True, True]).head(20)


def last_month(tables: Tables) -> pd.DataFrame:
    rows = _test(tables)
    first = rows.groupby("dataset")["target_date"].transform("max") - pd.Timedelta(days=30)
    rows = rows[(rows["horizon"] == 1) & (rows["target_date"] > first)].sort_values(
        ["dataset", "ticker", "target_date"]
    )
    return rows[["dataset", "ticker", "target_date", "actual", "forecast", "p10", "p90", "inside_80", "lstm"]]


def runs(tables: Tables) -> pd.DataFrame:
    others = tables["tickers"].query("status != 'forecast'")[["dataset", "run_id", "ticker", "reason"]]
    rows = tables["runs"].merge(others.rename(columns={"ticker": "without_forecast"}), "left", ["dataset", "run_id"])
    rows = rows.assign(
        # date_diff counts whole seconds
        minutes=(rows["finished"] - rows["started"]).dt.total_seconds().floordiv(1) / 60,
        new_files=rows["new_files"].map(len),
    ).sort_values(["started", "dataset", "without_forecast"], ascending=[False, True, True])
    columns = ["dataset", "started", "minutes", "files", "new_files", "rows", "tickers", "cost_usd"]
    return rows[[*columns, "without_forecast", "reason"]]


def scored(tables: Tables) -> pd.DataFrame:
    """The first forecast of each ticker, day and horizon whose day has come, with what the view track_record says."""
    key = ["dataset", "ticker", "origin_date", "horizon"]
    known = tables["runs"].query("schema == 2")[["dataset", "run_id", "term", "finished"]]
    said = tables["predictions"].query("split == 'future'").merge(known, on=["dataset", "run_id"])
    said = said.sort_values("term").drop_duplicates(key)
    prices = _of_newest(tables, "prices").sort_values(["dataset", "ticker", "date"])
    prices = prices.assign(place=prices.groupby(["dataset", "ticker"]).cumcount())
    prices = prices[["dataset", "ticker", "date", "adjclose", "place"]]
    origin = prices.rename(columns={"date": "origin_date", "adjclose": "origin_price"})
    rows = said.merge(origin, on=["dataset", "ticker", "origin_date"])
    rows = rows.assign(place=rows["place"] + rows["horizon"])
    rows = rows.merge(prices.rename(columns={"date": "realised"}), on=["dataset", "ticker", "place"])
    basis = tables["tickers"][["dataset", "run_id", "ticker", "basis"]]
    now = _of_newest(tables, "tickers")[["dataset", "ticker", "basis"]].rename(columns={"basis": "basis_now"})
    rows = rows.merge(basis, on=["dataset", "run_id", "ticker"]).merge(now, on=["dataset", "ticker"])
    moved, days = rows["origin_price"] / rows["naive"], pd.to_datetime(rows["realised"])
    own = moved / (rows["basis_now"] / rows["basis"])
    return rows.assign(
        gap=(days - pd.to_datetime(rows["target_date"])).abs() > pd.Timedelta(days=5),
        live=rows["finished"] < days,
        origin_corrected=((moved - 1).abs() > 1e-3) & ((own - 1).abs() > 1e-3),
        price=rows["naive"] * (rows["adjclose"] / rows["origin_price"]),
    )


def live(tables: Tables) -> pd.DataFrame:
    rows = scored(tables)
    return rows[~rows["gap"] & rows["live"] & ~rows["origin_corrected"]]


def track_record(tables: Tables) -> pd.DataFrame:
    rows = live(tables)
    rows = rows.assign(
        missed=((rows["forecast"] - rows["price"]) / rows["naive"]) ** 2,
        moved=((rows["naive"] - rows["price"]) / rows["naive"]) ** 2,
        inside_80=rows["price"].between(rows["p10"], rows["p90"]),
        inside_95=rows["price"].between(rows["p025"], rows["p975"]),
    )
    groups = rows.groupby(["dataset", "horizon"])
    return pd.DataFrame(
        {
            "forecasts": groups.size(),
            "days": groups["origin_date"].nunique(),
            "pooled_rmse_vs_naive": (groups["missed"].mean() / groups["moved"].mean()) ** 0.5,
            "mean_move": groups["moved"].apply(lambda squares: (squares**0.5).mean()),
            "coverage80": groups["inside_80"].mean(),
            "coverage95": groups["inside_95"].mean(),
        }
    ).reset_index()


def breaches(tables: Tables) -> pd.DataFrame:
    """Those of the last five realised days of each dataset and horizon."""
    rows = live(tables)
    days = rows.groupby(["dataset", "horizon", "realised"]).size().rename("prices").reset_index()
    days = days.assign(age=days.groupby(["dataset", "horizon"])["realised"].rank(ascending=False))
    rows = rows[~rows["price"].between(rows["p025"], rows["p975"])]
    rows = rows.merge(days[days["age"] <= 5], on=["dataset", "horizon", "realised"])
    above = rows["price"] > rows["p50"]
    half = (rows["p975"] - rows["p50"]).where(above, rows["p50"] - rows["p025"])
    counted = rows.groupby(["dataset", "horizon", "realised"])["ticker"].transform("size")
    rows = rows.assign(
        surprise=(rows["price"] - rows["p50"]).abs() / half.where(half > 0),
        breaches=counted,
        normal=0.05 * rows["prices"],
        realised_date=rows["realised"],
    )
    order = ["realised", "horizon", "surprise", "dataset", "ticker"]
    rows = rows.sort_values(order, ascending=[False, True, False, True, True], na_position="first")
    columns = ["dataset", "realised_date", "horizon", "ticker", "surprise", "price", "p025", "p975"]
    return rows[[*columns, "breaches", "normal", "prices"]]


def files(tables: Tables) -> pd.DataFrame:
    taken = tables["runs"][["dataset", "new_files", "finished"]].explode("new_files")
    taken = taken.rename(columns={"new_files": "upload", "finished": "published"})
    rows = tables["files"].merge(taken, "left", ["dataset", "upload"])
    rows = rows.assign(columns_not_read=rows["ignored"].map(", ".join))
    rows = rows.sort_values(["uploaded", "source_key"], ascending=[False, True])
    columns = ["dataset", "uploaded", "source_key", "verdict", "reason", "rows", "rejected_rows", "tickers"]
    return rows[[*columns, "first_day", "last_day", "columns_not_read", "published"]]


def tickers(tables: Tables) -> pd.DataFrame:
    rows = _of_newest(tables, "tickers")
    rows = rows.assign(
        times_rescaled=rows["rescaled"].map(len), notes=rows["notes"].map("; ".join), noted=rows["notes"].map(len) > 0
    )
    told = (rows["status"] != "forecast") | (rows["corrections"] > 0) | (rows["times_rescaled"] > 0) | rows["noted"]
    rows = rows[told].sort_values(["dataset", "ticker"])
    columns = ["dataset", "ticker", "status", "reason", "rows", "last_day", "calendar", "corrections"]
    return rows[[*columns, "times_rescaled", "basis", "notes"]]


def data_health(tables: Tables) -> pd.DataFrame:
    rows = _of_newest(tables, "tickers").explode("notes")
    rows = rows[rows["notes"].fillna("").str.startswith("health: ")].sort_values(["dataset", "ticker", "notes"])
    rows = rows.assign(finding=rows["notes"].str.removeprefix("health: "))
    return rows[["dataset", "ticker", "status", "last_day", "finding"]]


# By the names of the files in queries/.
ANSWERS: dict[str, Callable[[Tables], pd.DataFrame]] = {
    "01_next_day": next_day,
    "02_largest_moves": largest_moves,
    "03_riskiest": riskiest,
    "04_best_model": best_model,
    "05_tickers_that_beat_naive": tickers_that_beat_naive,
    "06_coverage_by_month": coverage_by_month,
    "07_usual_errors": usual_errors,
    "08_worst_days": worst_days,
    "09_last_month": last_month,
    "10_runs": runs,
    "11_track_record": track_record,
    "12_files": files,
    "13_tickers": tickers,
    "14_breaches": breaches,
    "15_data_health": data_health,
}
ROUGH = {"median_pct", "bad_day_pct"}  # approx_percentile


def differences(found: list[dict], expected: pd.DataFrame, empty_is_null: bool = False) -> list[str]:
    """What differs between a client's records and the expected rows, in order; nothing if the answer is right.

    empty_is_null: of a client that reads an empty text as none.
    """
    wanted = (expected.replace("", None) if empty_is_null else expected).to_dict("records")
    if len(found) != len(wanted):
        return [f"{len(found)} rows instead of {len(wanted)}"]
    wrong = []
    for number, (got, want) in enumerate(zip(found, wanted, strict=True)):
        if list(got) != list(want):
            return [f"columns {list(got)} instead of {list(want)}"]
        wrong += [
            f"row {number}, {name}: {got[name]} instead of {want[name]}"
            for name in want
            if not _same(got[name], want[name], 0.02 if name in ROUGH else 1e-9)
        ]
    return wrong


def _same(got, want, tolerance: float) -> bool:
    if pd.isna(want):
        return got is None
    if isinstance(want, float):
        return got is not None and abs(float(got) - want) <= tolerance * max(abs(want), 1e-9) + 1e-9
    if hasattr(want, "isoformat"):
        return pd.Timestamp(got) == pd.Timestamp(want).floor("ms")
    return got == want
