select ticker, origin_date, horizon, naive as last_price,
  100 * expected_move as expected_move_pct,
  100 * (p10 / naive - 1) as low80_pct, 100 * (p90 / naive - 1) as high80_pct
from predictions
where dataset = '<dataset>' and run_id = '<run_id>' and split = 'future'
order by horizon desc, expected_move desc, ticker
