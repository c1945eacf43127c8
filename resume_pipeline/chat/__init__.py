"""Chat models behind one small interface (``base``), by name (``registry``).

Add a provider as a module; what is said to a model belongs to who asks it.
"""
