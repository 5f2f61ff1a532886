"""Edition → file: PDF and citations. Pure: everything comes from the edition document."""
