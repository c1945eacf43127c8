"""The MCP server as an assistant meets it: a process, its standard input and output, and the SDK's own client."""
