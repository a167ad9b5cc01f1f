"""How good captions are: figures of a result, alone or against references, and one result against another."""
