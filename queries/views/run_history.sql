-- Every whole run, one row each; a run that failed before its last step is in no view.
-- A dataset's newest run is that of the file uploaded last, whichever run starts or finishes first.
-- The other views show the newest run of each dataset only. Runs of another schema than 2 have other columns and are in no view.
--
-- dataset varchar: folder under incoming/ that the file was dropped into
-- run_id varchar: the dataset and a hash of the file's bucket, key and version
-- newest boolean: whether this is the dataset's newest run
-- source_key varchar: the file's key in the incoming bucket
-- source_version varchar: the file's version
-- uploaded timestamp: when the file was uploaded, UTC
-- started timestamp: when the run started, UTC
-- finished timestamp: when the run's row was written, UTC
-- minutes double: from start to finish
-- rows bigint: data rows in the file, accepted or not
-- rejected_rows bigint: rows that could not be used
-- tickers integer: tickers that were forecast
-- skipped array(varchar): tickers that were not
-- train_seconds double: billed seconds of training
-- endpoint_seconds double: seconds the endpoint lived
-- cost_usd double: estimate for SageMaker's instances
-- model_uri varchar: the trained model in the lake
select
  dataset,
  run_id,
  row_number() over (partition by dataset order by uploaded desc, started desc, run_id desc) = 1 as newest,
  source_key,
  source_version,
  uploaded,
  started,
  finished,
  date_diff('second', started, finished) / 60e0 as minutes,
  rows,
  rejected_rows,
  tickers,
  skipped,
  train_seconds,
  endpoint_seconds,
  cost_usd,
  model_uri
from runs
where schema = 2
