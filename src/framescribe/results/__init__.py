"""Rows that last: parts, which only grow, and the finished file that is made of them."""
