"""For teaching: passes to look at, seeded mistakes to find, worksheets to fill in."""
