//go:build tools

package main

import _ "github.com/hooklift/gowsdl/cmd/gowsdl" // so that go.mod keeps what the generator needs
