list --axes fedroa
