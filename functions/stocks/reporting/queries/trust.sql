select gates from runs where dataset = '<dataset>' and run_id = '<run_id>'
