// Package vejledning makes documents of Markdown: a site that needs no network, PDF and ODT. It fetches nothing.
//
// docs/dokumenter.yaml names the documents that people are given; go run ./internal/vejledning/lav makes them.
package vejledning

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Lav writes the documents below docs to a folder. idag is the date on the first page of each book.
func Lav(docs, til string, idag time.Time) error {
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
