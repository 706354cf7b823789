:module example.com/a/b // x

go 1.20
require x v1
