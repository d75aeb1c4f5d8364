"""A document as HTML, Markdown, PDF, DOCX, XLSX and JSON, with identical text."""
