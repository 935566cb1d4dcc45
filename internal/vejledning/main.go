// Command vejledning makes the documents that people are given: docs/dokumenter.yaml names them. It writes a site that needs
// no network, and a PDF and an ODT of each book. It fetches nothing.
//
//	go run ./internal/vejledning -til dokumenter
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/moxkit/mox/internal/source"
)

func main() {
	til := flag.String("til", "dokumenter", "mappen, der skrives i")
	flag.Parse()
	if err := lav(*til, time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, "vejledning:", err)
		os.Exit(1)
	}
}

// lav writes everything to a folder. idag is the date on the first page of each book.
func lav(til string, idag time.Time) error {
	rod, err := source.Root()
	if err != nil {
		return err
	}
	s, err := laesSamling(filepath.Join(rod, "docs"))
	if err != nil {
		return err
	}
	boeger := s.boeger()
	for _, b := range boeger {
		for endelse, skriv := range map[string]func(io.Writer, *bog, time.Time) error{".pdf": skrivPDF, ".odt": skrivODT} {
			err := skrivFil(filepath.Join(til, b.navn+endelse), func(w io.Writer) error { return skriv(w, &b, idag) })
			if err != nil {
				return fmt.Errorf("%s%s: %w", b.navn, endelse, err)
			}
		}
	}
	if err := skrivSted(filepath.Join(til, "sted"), s); err != nil {
		return err
	}
	fmt.Printf("%s: %d bøger som PDF og ODT, og %d sider i sted/index.html\n", til, len(boeger), len(s.efter))
	return nil
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
