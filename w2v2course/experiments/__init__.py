"""What several chapters measure, written once: the order task, the mirror test."""
