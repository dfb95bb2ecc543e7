"""What is kept across runs: failovers with their durations, and the reports of drills."""
