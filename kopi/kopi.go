// Package kopi makes a copy of everything an installation has, puts it back, and checks that nothing has been altered.
//
// A copy is a zip file that can be read without MOX: each table as lines of JSON, each document as the file it is, the
// configuration, and a manifest with the SHA-256 of every part. It is the same from SQLite and from PostgreSQL, and is put
// back on either. docs/specifikation/kopi-1.md is its description.
package kopi

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/store"
)

// Format is the number of the form that is written, and the newest that is read.
const Format = 1

// GlemteFil is a file in the data folder with objekter that had been erased for good before the folder was put back from an
// older copy: MOX erases them again before it does anything else, and removes the file.
const GlemteFil = "glemte.json"

// The parts of a copy.
const (
	manifestNavn  = "manifest.json" // last in the file: it tells of all the others
	laesMigNavn   = "LAES_MIG.txt"
	skemaNavn     = "skema.sql"
	tabelMappe    = "tabeller/"
	dokumentMappe = "dokumenter/"
	opsaetMappe   = "opsaetning/"
)

// Kilde is the installation that a copy is made of, or that is checked.
type Kilde struct {
	Store   *store.Store
	Lager   *indhold.Lager
	Dir     string // the data folder, with mox.yaml and the files it names
	Version string // of the program
	Log     *slog.Logger
}

// Manifest is what a copy holds.
type Manifest struct {
	Format       int              `json:"format"`
	Mox          string           `json:"mox"` // version of the program that made it
	Taget        time.Time        `json:"taget"`
	Installation string           `json:"installation"`
	Genskabes    bool             `json:"kan_genskabes"` // false: made to leave with, without keys and configuration
	Skema        int64            `json:"skema"`
	Logposition  int64            `json:"logposition"`
	Kaede        string           `json:"kaede"` // the chain's link at Logposition, in hex
	Taellere     map[string]int64 `json:"taellere"`
	Dele         []Del            `json:"dele"` // all but the documents, in the order they are put back
	Dokumenter   Dokumenttal      `json:"dokumenter"`
	IkkeMed      []string         `json:"ikke_med,omitempty"` // files that the configuration names outside the data folder
}

// Del is one part of a copy.
type Del struct {
	Navn    string `json:"navn"`
	Raekker int64  `json:"raekker,omitempty"`
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"`
}

// Dokumenttal is how many documents there are. Each is named by its own SHA-256.
type Dokumenttal struct {
	Antal       int64    `json:"antal"`
	Bytes       int64    `json:"bytes"`
	Mangler     []string `json:"mangler,omitempty"`     // that some besked refers to, and that are not on disk
	Beskadigede []string `json:"beskadigede,omitempty"` // that are not what their name says
}

// Advarsler is what the maker of a copy must know of it.
func (m *Manifest) Advarsler() (ud []string) {
	for _, s := range m.Dokumenter.Mangler {
		ud = append(ud, fmt.Sprintf("dokumentet %s mangler i lageret og er ikke med", s))
	}
	for _, s := range m.Dokumenter.Beskadigede {
		ud = append(ud, fmt.Sprintf("dokumentet %s er beskadiget på disken og kan ikke genskabes", s))
	}
	for _, s := range m.IkkeMed {
		ud = append(ud, fmt.Sprintf("opsætningen nævner %s, som ligger uden for mappen og ikke er med", s))
	}
	return ud
}

// Fremdrift is how far a long piece of work has come.
type Fremdrift struct {
	Hvad  string `json:"hvad"`  // "tabellen besked", "dokumenter"
	Antal int64  `json:"antal"` // done of it
}

// fremdriftFor is how many rows or documents are done between two words of progress.
const fremdriftFor = 10_000

// melder tells progress now and then.
type melder struct {
	til   func(Fremdrift)
	hvad  string
	antal int64
}

// nyMelder tells til, which may be nil, that hvad begins.
func nyMelder(til func(Fremdrift), hvad string) *melder {
	m := &melder{til: til, hvad: hvad}
	m.sig()
	return m
}

func (m *melder) sig() {
	if m.til != nil {
		m.til(Fremdrift{m.hvad, m.antal})
	}
}

func (m *melder) en() {
	if m.antal++; m.antal%fremdriftFor == 0 {
		m.sig()
	}
}

func ugyldig(format string, args ...any) *mox.Error {
	return mox.E("kopi", mox.KodeUgyldig, format, args...).Med("brug en anden kopi; mox restore skriver intet fra en, der ikke holder")
}
