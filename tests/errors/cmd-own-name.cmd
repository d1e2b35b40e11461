list lnit
