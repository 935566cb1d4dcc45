// Gen writes docs/conformance.md: every statement of internal/conformance, the tests that prove it, the switch that turns one red, and what is open.
//
//	go run ./internal/conformance/gen
package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/source"
)

const document = "docs/conformance.md"

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

func run() error {
	root, err := source.Root()
	if err != nil {
		return err
	}
	text, err := generate(root)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(root, document), text, 0o644)
}

func generate(root string) ([]byte, error) {
	module, err := source.Load(root)
	if err != nil {
		return nil, err
	}
	proofs, err := findProofs(module)
	if err != nil {
		return nil, err
	}
	return render(proofs, conformance.Switches()), nil
}
