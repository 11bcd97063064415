"""Giving stray files to students: the acts, and what they are put together to.

An act writes down what it is about to do before it does it, so that a second run knows what the first one
left behind from what had been there before. The source stays where it is while its photo goes live;
setting it aside is an act of its own, after that.
"""
