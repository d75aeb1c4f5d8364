"""Sections of papers, shared by several kinds, as blocks of the document model."""
