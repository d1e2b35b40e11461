list 'x;touch p' '$(touch p)' ../a .hidden docker/debian -- -rf '`p`'
