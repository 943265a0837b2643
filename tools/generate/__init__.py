"""What is written by a program and committed: definitions, parts of the template and of documents."""
