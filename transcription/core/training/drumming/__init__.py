"""What drummers play: recorded performances, written styles, and what is made of both."""
