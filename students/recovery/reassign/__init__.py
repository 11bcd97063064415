"""Giving unowned files to students: the steps, and what they are put together to.

A step writes down what it is about to do before it does it, so that a second run knows what the first one
left behind from what had been there before. The source stays where it is while its photo goes live;
setting it aside is a step of its own, after that.
"""
