"""The shell of assistants: the portfolio as tools of the Model Context Protocol (``server``).

Only here is the package ``mcp`` imported. A tool takes its arguments, makes one call, and shapes the result.
"""
