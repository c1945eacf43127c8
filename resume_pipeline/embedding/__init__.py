"""Embedding models: text in, vectors out, and the tokens that are counted for it.

``base`` has the interface every model keeps; one module per provider implements it; ``registry`` makes one from its
name. Nothing here knows chunks, documents or the database.
"""
