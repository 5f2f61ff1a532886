"""Views: request → service → template. No view has a query of its own."""
