"""What ran: one pass with its operations, lines and numbers, and that pass once more in float64."""
