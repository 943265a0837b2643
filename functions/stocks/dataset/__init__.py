"""A dataset: one table of prices that uploads are folded into, who leads it, and the days its tickers trade."""
