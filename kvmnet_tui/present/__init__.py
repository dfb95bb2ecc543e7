"""Model to cells, labels, glyphs and severities: pure functions shared by screens and `show`."""
