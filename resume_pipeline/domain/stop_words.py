"""English words that say nothing about what a text is about."""

_WORDS = """
a an the and or of in on at to for from by with is are was were be been being do does did has have had can could will
would should may might must it its this that these those he she they him her his their them i you we my your our me us
who whom whose what which when where why how there here as if not no than then so about into out up down over s t ll re
name many much
"""
STOP_WORDS = frozenset(_WORDS.split())
"""Function words and the words that questions begin with, in lower case."""
