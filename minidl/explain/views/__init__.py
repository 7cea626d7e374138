"""Views: a recorded pass as a page, as text, as JSON; formulas as MathML."""
