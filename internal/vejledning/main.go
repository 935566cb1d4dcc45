// Command vejledning makes the documents that people are given: docs/dokumenter.yaml names them. It writes a site that needs
// no network, and a PDF and an ODT of each book. It fetches nothing. It is run in the repository's root.
//
//	go run ./internal/vejledning -til dokumenter
//	go run ./internal/vejledning -opdater     # first, when docs/bevis or the cases of the snitfladetest have changed
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

func main() {
	docs := flag.String("docs", "docs", "mappen med dokumenterne")
	til := flag.String("til", "dokumenter", "mappen, der skrives i")
	kunOpdater := flag.Bool("opdater", false, "sæt tallene fra docs/bevis og listen over prøver ind i dokumenterne, og lav intet andet")
	flag.Parse()
	if err := koer(*docs, *til, *kunOpdater); err != nil {
		fmt.Fprintln(os.Stderr, "vejledning:", err)
		os.Exit(1)
	}
}

func koer(docs, til string, kunOpdater bool) error {
	if kunOpdater {
		return opdater(docs)
	}
	if err := lav(docs, til, time.Now()); err != nil {
		return err
	}
	fmt.Printf("%s/sted/index.html, og PDF og ODT ved siden af\n", filepath.Clean(til))
	return nil
}

// lav writes the documents below docs to a folder. idag is the date on the first page of each book.
func lav(docs, til string, idag time.Time) error {
	s, err := laesSamling(docs)
	if err != nil {
		return err
	}
	for _, b := range s.boeger() {
		for endelse, skriv := range map[string]func(io.Writer, *bog, time.Time) error{".pdf": skrivPDF, ".odt": skrivODT} {
			err := skrivFil(filepath.Join(til, b.navn+endelse), func(w io.Writer) error { return skriv(w, &b, idag) })
			if err != nil {
				return fmt.Errorf("%s%s: %w", b.navn, endelse, err)
			}
		}
	}
	return skrivSted(filepath.Join(til, "sted"), s)
}

func skrivFil(fil string, skriv func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(fil), 0o755); err != nil {
		return err
	}
	f, err := os.Create(fil)
	if err != nil {
		return err
	}
	if err := skriv(f); err != nil {
		_ = f.Close() // what went wrong first is what is told
		return err
	}
	return f.Close()
}
