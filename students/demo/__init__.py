"""A made-up school to play with. Nobody in it exists; every portrait is drawn."""
