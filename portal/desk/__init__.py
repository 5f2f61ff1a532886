"""What views of the desk share: forms, what is asked before it is done, differences, what was typed."""
