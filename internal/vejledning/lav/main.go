// Command lav makes the documents that people are given: a site that needs no network, and a PDF and an ODT of each book. It is
// run in the repository's root.
//
//	go run ./internal/vejledning/lav -til dokumenter
//	go run ./internal/vejledning/lav -opdater     # first, when docs/bevis or the cases of the snitfladetest have changed
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/moxkit/mox/internal/vejledning"
)

func main() {
	docs := flag.String("docs", "docs", "mappen med dokumenterne")
	til := flag.String("til", "dokumenter", "mappen, der skrives i")
	opdater := flag.Bool("opdater", false, "sæt tallene fra docs/bevis og listen over prøver ind i dokumenterne, og lav intet andet")
	flag.Parse()
	if err := koer(*docs, *til, *opdater); err != nil {
		fmt.Fprintln(os.Stderr, "lav:", err)
		os.Exit(1)
	}
}

func koer(docs, til string, opdater bool) error {
	if opdater {
		return vejledning.Opdater(docs)
	}
	if err := vejledning.Lav(docs, til, time.Now()); err != nil {
		return err
	}
	fmt.Printf("%s/sted/index.html, og PDF og ODT ved siden af\n", filepath.Clean(til))
	return nil
}
