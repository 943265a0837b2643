select horizon, model, directional_accuracy, always_up_rate
from metrics
where dataset = '<dataset>' and run_id = '<run_id>' and ticker = '*'
order by horizon, model
