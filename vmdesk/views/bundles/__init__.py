"""The pages for an export and an import."""
