run -n lint -- ﷑
