"""The mathematics: every operation's forward beside its backward, a file a family."""
