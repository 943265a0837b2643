"""What looks wrong in a dataset's table: it is said in words, and never repaired. numpy only."""
