-- Every file that was dropped, what became of it, and the run that first published its rows.
--
-- dataset varchar: folder under incoming/ that the file was dropped into
-- upload varchar: names this version of the file, by the second of its upload
-- source_key varchar: its key in the incoming bucket
-- source_version varchar: its version
-- uploaded timestamp: when it was uploaded, UTC
-- verdict varchar: accepted or rejected
-- reason varchar: why it was rejected, and what to do
-- rows bigint: rows that were taken, one per ticker and day
-- rejected_rows bigint: rows that could not be used
-- tickers integer: tickers in the file
-- first_day date: its first trading day
-- last_day date: its last trading day
-- columns array(varchar): titles of the columns that were read
-- ignored array(varchar): titles of those that were not
-- settings varchar: version of the settings.json by which it was read
-- run_id varchar: the run that first published it; null while none has
-- published timestamp: when that run finished, UTC
select
  f.dataset,
  f.upload,
  f.source_key,
  f.source_version,
  f.uploaded,
  f.verdict,
  f.reason,
  f.rows,
  f.rejected_rows,
  f.tickers,
  f.first_day,
  f.last_day,
  f.columns,
  f.ignored,
  f.settings,
  n.run_id,
  n.finished as published
from files f
left join (
  select r.dataset, r.run_id, r.finished, u.upload
  from run_history r
  cross join unnest(r.new_files) as u(upload)
) n on n.dataset = f.dataset and n.upload = f.upload
