"""What stands before the laptop cloud: no web page gets through, and no request without this cloud's signature."""
