module tidegate.io/deploy/local/modules/pause

go 1.26.0
