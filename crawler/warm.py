"""Imported by the process that extracting ones are forked from: what each would else import and load by itself.

That is trafilatura and the language model, most of a second of processor time, and their memory.
"""

from __future__ import annotations

from crawler.extract import extract_page

# Of a language that its page does not declare, and long enough for the model to be asked.
_PAGE = (
    "<html><body><article>"
    + "".join(
        f"<p>Sentence {number} of a text that is long enough to be read as one.</p>" for number in range(12)
    )
    + "</article></body></html>"
)

extract_page(_PAGE.encode(), "https://warm.example/")
