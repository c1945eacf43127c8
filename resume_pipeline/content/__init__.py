"""The content root: listing its source files, leaving out what is ignored, reading files whole, making sound text.

Add here what touches the files of the content root. What a difference between two looks means is
``domain.content_diff``; what is inside a text is ``domain.front_matter`` and ``domain.markdown``.
"""
