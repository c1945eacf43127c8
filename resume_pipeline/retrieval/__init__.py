"""Retrieval: a question becomes hits from the live generation.

The statements are ``storage.search``, the combination is ``domain.fusion``; here a question meets its model.
"""
