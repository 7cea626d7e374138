"""What a class does with it: passes to look at, seeded mistakes to find, worksheets to fill in."""
