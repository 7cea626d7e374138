"""A trained run behind an HTTP interface and a page on which a digit is drawn; needs the extra `serve`."""
