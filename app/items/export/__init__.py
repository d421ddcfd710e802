"""The items of a query as CSV, JSON, XML or YAML, in flat memory."""
