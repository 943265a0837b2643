select horizon, coverage80, coverage95, pinball_vs_constant, pinball_vs_constant_median
from metrics
where dataset = '<dataset>' and run_id = '<run_id>' and ticker = '*' and model = 'forecast'
order by horizon
