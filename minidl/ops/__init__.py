"""The mathematics: every operation's forward next to its backward, one file per family."""
