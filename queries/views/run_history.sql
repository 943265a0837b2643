-- Every whole run, one row each; a run that failed before its last step is in no view.
-- A dataset's newest run is that of the highest term that the catalog has whole, as the table latest names it: runs of a
-- dataset follow each other, whatever clocks say. Views of the newest run join that table, and read no other run.
-- Runs of another schema than 2 have other columns and are in no view.
--
-- dataset varchar: folder under incoming/ that the files were dropped into
-- run_id varchar: the dataset and a hash of the execution
-- newest boolean: whether this is the dataset's newest run, which the other views show
-- term bigint: counts the dataset's leading executions; gaps are runs that published nothing; 0: of the first version
-- files integer: files that make the table
-- new_files array(varchar): uploads that no run had published before, as in file_history
-- missing array(varchar): keys of uploads that were not read in time; a later run takes them
-- source_key varchar: key of the newest file in the incoming bucket
-- source_version varchar: its version
-- uploaded timestamp: when it was uploaded, UTC
-- started timestamp: when the run started, UTC
-- finished timestamp: when the run's row was written, UTC
-- minutes double: from start to finish
-- rows bigint: rows of the whole table, one per ticker and day
-- rejected_rows bigint: rows of its files that could not be used
-- tickers integer: tickers that were forecast
-- train_seconds double: billed seconds of training
-- endpoint_seconds double: seconds the endpoint lived, or the transform job worked
-- cost_usd double: estimate for SageMaker's instances
-- model_uri varchar: the trained model in the lake
-- base_run varchar: the run whose table this one began with; empty where all files were folded anew
-- settings varchar: version of the dataset's settings.json; empty without one
-- inputs varchar: hash of the files and settings: equal inputs are the same table
-- table_hash varchar: hash of the table
-- light_live varchar: green, yellow or red: whether 95 % ranges of one day ahead held, by the forecasts that were published before; null below 250 days
-- light_backtest varchar: the same by the test period
-- code varchar: hash of functions, training code and images
-- training_image varchar: container that trained
-- inference_image varchar: container that answered the endpoint's requests
-- training_instance_type varchar: instance that trained
-- endpoint_instance_type varchar: instance that answered
-- seed bigint: of training; the forest's stands in parameters
-- parameters varchar: JSON of what else shapes the figures, such as test_fraction, epochs and library versions
-- model_run varchar: the run that trained the model: this one, or an earlier one whose model it took
-- model_reason varchar: why a model was trained, or taken
select
  r.dataset,
  r.run_id,
  l.run_id is not null as newest,
  coalesce(r.term, 0) as term,
  r.files,
  r.new_files,
  r.missing,
  r.source_key,
  r.source_version,
  r.uploaded,
  r.started,
  r.finished,
  date_diff('second', r.started, r.finished) / 60e0 as minutes,
  r.rows,
  r.rejected_rows,
  r.tickers,
  r.train_seconds,
  r.endpoint_seconds,
  r.cost_usd,
  r.model_uri,
  r.base_run,
  r.settings,
  r.inputs,
  r.table_hash,
  r.light_live,
  r.light_backtest,
  r.code,
  r.training_image,
  r.inference_image,
  r.training_instance_type,
  r.endpoint_instance_type,
  r.seed,
  r.parameters,
  r.model_run,
  r.model_reason
from runs r
left join latest l on l.dataset = r.dataset and l.run_id = r.run_id
where r.schema = 2
