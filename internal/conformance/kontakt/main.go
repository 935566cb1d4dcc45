// Kontakt tries the switches of internal/conformance/kontakter.txt: for each it builds the product with the fault in it and
// runs the one test that must see it. The tree is not touched; the go command is given the faulty file by -overlay.
//
//	go run ./internal/conformance/kontakt              all of them
//	go run ./internal/conformance/kontakt mox 1 2 oio 34
//
// A switch is red when its test passes without the fault, and the product builds and the test fails with it. A fault that
// does not compile, a test that is skipped, one that hangs and one that ends the process are not red. The services that the
// tests need are found in the environment (see internal/testenv).
//
// Progress goes to standard error; standard output gets a JSON line for each statement and switch, and one that counts them,
// all marked "bevis: " for internal/bevis. Exit codes: 0 all red, 1 one is not, 2 the arguments or the tree cannot be used.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/internal/source"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	allRed, err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "kontakt:", err)
		os.Exit(2)
	case !allRed:
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, progress io.Writer) (allRed bool, err error) {
	chosen, err := choose(conformance.Switches(), args)
	if err != nil {
		return false, err
	}
	root, err := source.Root()
	if err != nil {
		return false, err
	}
	results, err := try(ctx, root, chosen, progress)
	if err != nil {
		return false, err
	}
	return report(results, out)
}

// choose keeps the switches of the statements that are named: "mox 1", or "mox", "1", "2", "oio", "34".
func choose(all []conformance.Switch, args []string) ([]conformance.Switch, error) {
	words := strings.Fields(strings.Join(args, " "))
	if len(words) == 0 {
		return all, nil
	}
	var refs []conformance.Ref
	doc := ""
	for _, w := range words {
		if w == "mox" || w == "oio" {
			doc = w
			continue
		}
		r := conformance.Ref{Doc: doc, Number: w}
		if !slices.ContainsFunc(all, func(s conformance.Switch) bool { return slices.Contains(s.Statements, r) }) {
			return nil, fmt.Errorf("no switch for %q; they are in internal/conformance/kontakter.txt", r)
		}
		refs = append(refs, r)
	}
	var chosen []conformance.Switch
	for _, s := range all {
		if slices.ContainsFunc(s.Statements, func(r conformance.Ref) bool { return slices.Contains(refs, r) }) {
			chosen = append(chosen, s)
		}
	}
	return chosen, nil
}

// figure is what is kept of one statement and one switch.
type figure struct {
	Statement string `json:"statement"`
	Fault     string `json:"switch"`
	File      string `json:"file"`
	Test      string `json:"test"`
	Red       bool   `json:"red"`
	Why       string `json:"why"` // what the test said first, or why it is not red
}

type count struct {
	Statements int `json:"statements"`
	Switches   int `json:"switches"`
	Red        int `json:"red"` // switches
}

func report(results []result, out io.Writer) (allRed bool, err error) {
	var n count
	statements := map[conformance.Ref]bool{}
	for _, r := range results {
		n.Switches++
		if r.red {
			n.Red++
		}
		for _, ref := range r.Statements {
			statements[ref] = true
			if err := print(out, figure{ref.String(), r.Fault, r.File, r.Test, r.red, r.why}); err != nil {
				return false, err
			}
		}
	}
	n.Statements = len(statements)
	return n.Red == n.Switches, print(out, n)
}

func print(out io.Writer, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "bevis: %s\n", data)
	return err
}
