"""Steps and what they do: transitions, second persons, deadlines, embargoes, lists of the desk."""
