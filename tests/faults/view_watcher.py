"""An analyst who never stops asking the views: what is visible of each run, at every moment of the suite."""

import threading

from botocore.exceptions import ClientError

from tests.support.athena_lake import ended_query
from tests.support.cloud import Cloud

SECONDS = 4  # between two looks
VIEWS = ("backtest", "latest_forecast", "leaderboard")
COUNTS = " union all ".join(
    f"select '{view}' as name, dataset, run_id, count(*) as n from {view} group by dataset, run_id" for view in VIEWS
)


class ViewWatcher:
    def __init__(self, cloud: Cloud, outputs: dict[str, str]):
        self._athena, self._outputs = cloud.client("athena"), outputs
        self.looks = 0
        self.refused: list[str] = []  # looks while the tables did not exist yet, or a file went that was being read
        self.seen: dict[str, dict[str, set[int]]] = {view: {} for view in VIEWS}  # numbers of rows by run
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def finish(self) -> None:
        self._end.set()
        self._thread.join()

    def ask(self, sql: str) -> list[list[str]]:
        """Rows as text, sorted. Raises RuntimeError with Athena's reason."""
        group, database = self._outputs["WorkGroupName"], self._outputs["DatabaseName"]
        execution = ended_query(self._athena, sql, group, database, seconds=300)
        status = execution["Status"]
        if status["State"] != "SUCCEEDED":
            raise RuntimeError(status.get("StateChangeReason", status["State"]))
        pages = self._athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution["QueryExecutionId"])
        rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]][1:]
        return sorted([value.get("VarCharValue", "") for value in row] for row in rows)

    def _look(self) -> None:
        while not self._end.wait(SECONDS):
            try:
                for view, _, run_id, count in self.ask(COUNTS):
                    self.seen[view].setdefault(run_id, set()).add(int(count))
                self.looks += 1
            except (ClientError, RuntimeError) as error:
                self.refused.append(str(error))
