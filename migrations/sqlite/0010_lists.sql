-- Nothing changes here: SQLite looks for a row's campaign cheaply, and cannot take a constraint away without rewriting the table.
SELECT 1;
