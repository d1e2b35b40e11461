list ''
