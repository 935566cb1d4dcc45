// Bevis turns what a long test or benchmark printed into a record: the figures, with commit, date and conditions.
//
//	go test -bench . ./... | go run ./internal/bevis -navn bench >docs/bevis/bench.json
//
// It reads benchmark lines as go test prints them, and lines that hold "bevis: " and a JSON object, which any test may log
// (t.Logf("bevis: %s", data)) to have its own figures kept. Output with neither is an error: an empty record would look
// like a measurement.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"time"
)

// record is the file that documents take their figures from.
type record struct {
	Name       string            `json:"name"`
	Commit     string            `json:"commit"`
	Dirty      bool              `json:"dirty"` // measured with changes that are in no commit: not to be quoted
	Date       time.Time         `json:"date"`
	Command    string            `json:"command"`
	Conditions conditions        `json:"conditions"`
	Benchmarks []benchmark       `json:"benchmarks,omitempty"`
	Figures    []json.RawMessage `json:"figures,omitempty"`
}

func main() {
	name := flag.String("navn", "", "what was measured")
	command := flag.String("kommando", "", "the command that printed it")
	flag.Parse()
	if err := run(context.Background(), *name, *command, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "bevis:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name, command string, in io.Reader, out io.Writer) error {
	found, err := parse(in)
	if err != nil {
		return err
	}
	if len(found.benchmarks) == 0 && len(found.figures) == 0 {
		return errors.New("the input has neither benchmarks nor figures")
	}
	commit, dirty, err := revision(ctx)
	if err != nil {
		return err
	}
	around, err := surroundings(ctx)
	if err != nil {
		return err
	}
	e := json.NewEncoder(out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(record{
		Name:       name,
		Commit:     commit,
		Dirty:      dirty,
		Date:       time.Now().UTC().Truncate(time.Second),
		Command:    command,
		Conditions: around,
		Benchmarks: found.benchmarks,
		Figures:    found.figures,
	})
}
