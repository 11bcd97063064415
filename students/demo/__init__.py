"""A made-up school to play with. No person in it exists; every portrait is drawn."""
