list 'x;touch p' '$(touch p)' ../a
