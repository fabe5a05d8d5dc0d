"""What is learned from runs: transfer to other tasks, and figures."""
