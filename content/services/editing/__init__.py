"""Working copies: saving, links, mentions, numbers that were given, pictures, drafts of forms, contacts."""
