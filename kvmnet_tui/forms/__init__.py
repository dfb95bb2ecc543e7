"""Wizards as data: what they ask, what is wrong with an answer, and their request. Pure."""
