run -f 'fedroa-!minimal'
