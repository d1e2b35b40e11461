ci matirx
