"""Terminal output shared by commands: tables, progress and views; rooms for changes and runs."""
