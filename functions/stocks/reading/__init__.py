"""Reading a CSV of prices: bytes, lines, header, dialect, rows."""
