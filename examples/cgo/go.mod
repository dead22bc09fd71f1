module exchange

go 1.16
