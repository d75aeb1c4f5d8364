"""Papers for the authority: material, sections and kinds over a single document model."""
