"""Small cases in which point-in-time joins go wrong, their right answers, and who gives them."""
