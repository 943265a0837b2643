"""A dataset: one table of prices that uploads are folded into, who leads it, and the days on which its tickers trade."""
