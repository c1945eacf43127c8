"""Answers from hits: what evidence there is, who writes the answer (``extractive`` or a chat model), what is checked.

A question goes through ``answerer``, and comes out as the events of ``domain.answers``. Nothing that was not checked
against the content leaves this package.
"""
