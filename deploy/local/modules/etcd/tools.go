//go:build tools

// Package tools names the program that deploy/local/binaries builds, so that
// "go mod tidy" keeps its module in go.mod and go.sum.
package tools

import (
	_ "go.etcd.io/etcd/server/v3"
)
