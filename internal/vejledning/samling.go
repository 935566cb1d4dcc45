package main

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
)

// samling is what docs/dokumenter.yaml names, read.
type samling struct {
	Titel   string               `yaml:"titel"`
	Grupper []gruppe             `yaml:"grupper"`
	efter   map[string]*dokument // by its path
}

// gruppe is a heading on the site with its documents.
type gruppe struct {
	Titel string   `yaml:"titel"`
	Bog   string   `yaml:"bog"`  // the name of one PDF and one ODT of all its documents
	Hver  bool     `yaml:"hver"` // a PDF and an ODT of each
	Stier []string `yaml:"dokumenter"`

	dokumenter []*dokument
}

// bog is what becomes one PDF and one ODT.
type bog struct {
	navn, titel string
	dokumenter  []*dokument
}

// laesSamling reads the documents below docs.
func laesSamling(docs string) (*samling, error) {
	indeks := filepath.Join(docs, "dokumenter.yaml")
	b, err := os.ReadFile(indeks)
	if err != nil {
		return nil, err
	}
	s := &samling{efter: map[string]*dokument{}}
	if err := yaml.UnmarshalWithOptions(b, s, yaml.Strict()); err != nil {
		return nil, fmt.Errorf("%s: %w", indeks, err)
	}
	for i := range s.Grupper {
		g := &s.Grupper[i]
		for _, sti := range g.Stier {
			b, err := os.ReadFile(filepath.Join(docs, filepath.FromSlash(sti)))
			if err != nil {
				return nil, err
			}
			d := laesDokument(sti, b)
			g.dokumenter = append(g.dokumenter, d)
			s.efter[sti] = d
		}
	}
	return s, nil
}

// boeger are the books of all groups.
func (s *samling) boeger() (ud []bog) {
	for _, g := range s.Grupper {
		if g.Bog != "" {
			ud = append(ud, bog{navn: g.Bog, titel: g.Titel, dokumenter: g.dokumenter})
		}
		if g.Hver {
			for _, d := range g.dokumenter {
				ud = append(ud, bog{navn: strings.TrimSuffix(path.Base(d.sti), ".md"), titel: d.titel, dokumenter: []*dokument{d}})
			}
		}
	}
	return ud
}

// har tells whether the book has a document.
func (b *bog) har(sti string) bool {
	for _, d := range b.dokumenter {
		if d.sti == sti {
			return true
		}
	}
	return false
}

// maal says where a link of a document goes: to an address on the net, or to a path below docs with an anchor. A path that
// leaves docs begins with "../".
func maal(fra *dokument, link string) (adresse, sti, anker string) {
	if strings.Contains(link, "://") || strings.HasPrefix(link, "mailto:") {
		return link, "", ""
	}
	sti, anker, _ = strings.Cut(link, "#")
	if u, err := url.PathUnescape(anker); err == nil {
		anker = u
	}
	if sti == "" {
		return "", fra.sti, anker
	}
	return "", path.Join(path.Dir(fra.sti), sti), anker
}

func tal(n int) string { return strconv.Itoa(n) }
