"""The figures: what a row of any report holds, made from sums of counts."""
