package vejledning

import (
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
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
func (s *samling) boeger() []bog {
	ud := s.boegerne()
	for i := range ud {
		for j, d := range ud[i].dokumenter {
			ud[i].dokumenter[j] = s.tilPapir(d, &ud[i])
		}
	}
	return ud
}

func (s *samling) boegerne() (ud []bog) {
	for _, g := range s.Grupper {
		if g.Bog != "" {
			ud = append(ud, bog{navn: g.Bog, titel: g.Titel, dokumenter: slices.Clone(g.dokumenter)})
		}
		if g.Hver {
			for _, d := range g.dokumenter {
				ud = append(ud, bog{navn: strings.TrimSuffix(path.Base(d.sti), ".md"), titel: d.titel, dokumenter: []*dokument{d}})
			}
		}
	}
	return ud
}

// tilPapir is the document as its book has it: a link to another of the documents, which is not in the book, says in which one
// the reader finds it.
func (s *samling) tilPapir(d *dokument, b *bog) *dokument {
	henvis := func(tekst []stykke) []stykke {
		ud := slices.Clone(tekst)
		for i := range ud {
			_, sti, _ := maal(d, ud[i].link)
			if andet := s.efter[sti]; ud[i].link != "" && andet != nil && !b.har(sti) && ud[i].tekst != andet.titel {
				ud[i].tekst += " (i «" + andet.titel + "»)"
			}
		}
		return ud
	}
	ny := *d
	ny.blokke = slices.Clone(d.blokke)
	for i := range ny.blokke {
		x := &ny.blokke[i]
		x.tekst = henvis(x.tekst)
		x.celler = slices.Clone(x.celler)
		for j, r := range x.celler {
			x.celler[j] = slices.Clone(r)
			for k := range r {
				x.celler[j][k].tekst = henvis(r[k].tekst)
			}
		}
	}
	return &ny
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
