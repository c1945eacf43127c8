"""What the product thinks with: values in, values out.

Nothing here reads a file, a clock, the environment or a database, or writes a log. Whatever can be wrong in an
interesting way belongs here; whatever touches the world goes to ``content``, ``embedding`` or ``storage``.
"""
