"""Pure functions over what runs left behind: aggregates, trends, anomalies, behaviour, comparison with a baseline."""
