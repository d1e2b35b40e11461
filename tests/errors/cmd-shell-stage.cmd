shell lint --stage bulit
