"""The checks, by profile; a file is called as the requirements and the page that it goes with."""
