"""Reports as Word files and back: pure, from our Markdown to `.docx` and from any `.docx` to our Markdown.

`writing.py` writes a report with its sections, footnotes, pictures and comments; each section carries a bookmark that
names it and its revision, so that a file that returns finds what it was made from. `reading.py` reads any Word file:
sections, tracked changes both ways, comments, and a list of what could not be taken. `returned.py` compares a returned
file with what was sent. Nothing here asks the database.
"""
