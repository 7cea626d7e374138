"""What a tensor is to its user: making, drawing, converting, printing, saving, and its methods."""
