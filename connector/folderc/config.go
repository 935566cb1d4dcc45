// Package folderc reads records from files that a system leaves in a folder, and leaves files for a system in one.
package folderc

import (
	"encoding/json"
	"fmt"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/moxkit/mox/connector"
	"github.com/moxkit/mox/connector/internal/check"
	"github.com/moxkit/mox/connector/internal/records"
)

// Defaults.
const (
	DefaultRead    = "behandlet"        // subfolder for files that have been read
	DefaultRefused = "afvist"           // subfolder for files that could not be read to their end
	DefaultFile    = 64 * connector.MiB // greatest file read; it is held in memory while it is read
	DefaultContent = 32 * connector.MiB // greatest document written
	maxFile        = 1 * connector.GiB  // greatest max_fil
)

// SourceConfig describes a folder of files to read.
//
// Only files directly in the folder are read, one at a time, in the natural order of their names (sag_2 before sag_10).
// Names that begin with "." or "~", or end with "~", ".tmp" or ".part", are someone's unfinished work and are never read.
type SourceConfig struct {
	Type              string `yaml:"type" json:"type"` // "folder"
	connector.Listing `yaml:",inline"`
	Path              string          `yaml:"path" json:"path"`                     // the folder, below the agent file's folder unless absolute
	Pattern           connector.Words `yaml:"pattern" json:"pattern"`               // file names: "sag_*.csv", several with spaces between or as a list
	Format            string          `yaml:"format" json:"format"`                 // csv, xml, json or ndjson
	Charset           string          `yaml:"charset" json:"charset,omitempty"`     // default utf-8; for xml what the file declares
	Separator         string          `yaml:"separator" json:"separator,omitempty"` // csv: between fields; default ";", and "tab" is a tabulator
	Quote             string          `yaml:"quote" json:"quote,omitempty"`         // csv: "ingen" where a quote is a character like the others; default fields may stand in quotes
	Header            *bool           `yaml:"header" json:"header,omitempty"`       // csv: the first line has the field names; default true, or false with columns
	Columns           []string        `yaml:"columns" json:"columns,omitempty"`     // csv: the field names of a file without header
	Element           string          `yaml:"element" json:"element,omitempty"`     // xml: the record's element, by name or path ("Sager/Sag"); json: path of the list ("data.sager")
	Faerdig           Ready           `yaml:"faerdig" json:"faerdig"`               // how it is seen that a file is whole
	Behandlet         string          `yaml:"behandlet" json:"behandlet,omitempty"` // subfolder for read files; default "behandlet"
	Afvist            string          `yaml:"afvist" json:"afvist,omitempty"`       // subfolder for files that could not be read to their end; default "afvist"
	MaxFil            connector.Size  `yaml:"max_fil" json:"max_fil,omitempty"`     // greatest file; default 64 MiB, at most 1 GiB
}

// Ready says how it is seen that a file is written to its end: one of the three.
type Ready struct {
	// Marker: a second, empty file says so. ".klar" is the file's whole name with that after it (sag.csv.klar);
	// "*.klar" is its name without extension (sag.klar).
	Marker string `yaml:"marker" json:"marker,omitempty"`
	// Omdoebt: the system writes under another name, or elsewhere on the disk, and renames.
	Omdoebt bool `yaml:"omdoebt" json:"omdoebt,omitempty"`
	// Stabil: size and time have not changed for so long. A system that pauses longer while it writes is read too early.
	Stabil connector.Duration `yaml:"stabil" json:"stabil,omitempty"`
}

// UnmarshalYAML reads the word omdoebt, or the three as keys.
func (r *Ready) UnmarshalYAML(decode func(any) error) error {
	var word string
	if decode(&word) == nil {
		if word != "omdoebt" {
			return fmt.Errorf(`%q er ikke en mulighed; skriv omdoebt, {marker: ".klar"} eller {stabil: 2s}`, word)
		}
		*r = Ready{Omdoebt: true}
		return nil
	}
	type plain Ready
	return decode((*plain)(r))
}

// UnmarshalJSON reads the same forms.
func (r *Ready) UnmarshalJSON(b []byte) error {
	return r.UnmarshalYAML(func(v any) error { return json.Unmarshal(b, v) })
}

// Validate reports what is wrong in the config.
func (c SourceConfig) Validate() []connector.Problem { return c.ValidateAs("folder") }

// ValidateAs is Validate for a connector of another type that reads the same files.
func (c SourceConfig) ValidateAs(kind string) []connector.Problem {
	var p check.Problems
	p.Type(c.Type, kind)
	p.Listing(c.Listing)
	p.Need("path", c.Path, "mappen, som systemet skriver i")
	c.checkPattern(&p)
	if p.Need("format", c.Format, "skriv csv, xml, json eller ndjson") {
		p.OneOf("format", c.Format, "csv", "xml", "json", "ndjson")
	}
	p.Charset("charset", c.Charset)
	c.checkFormat(&p)
	c.checkReady(&p)
	c.checkFolders(&p)
	if c.MaxFil > maxFile {
		p.Add("max_fil", "er over "+maxFile.String()+"; filen holdes i hukommelsen", "bed systemet om mindre filer")
	}
	return p.List()
}

func (c SourceConfig) checkPattern(p *check.Problems) {
	if len(c.Pattern) == 0 {
		p.Add("pattern", "mangler", `skriv fx "sag_*.csv"`)
	}
	for _, pattern := range c.Pattern {
		if _, err := path.Match(pattern, ""); err != nil || strings.ContainsAny(pattern, `/\`) {
			p.Add("pattern", fmt.Sprintf("%q er ikke et mønster for filnavne", pattern), "skriv det uden mapper, fx sag_*.csv")
		}
	}
}

func (c SourceConfig) checkFormat(p *check.Problems) {
	if c.Format == "xml" {
		p.Need("element", c.Element, "navnet på det element, der er en post")
	}
	if c.Format == "csv" && c.Element != "" {
		p.Add("element", "bruges ikke med format: csv", "fjern det")
	}
	if _, err := separator(c.Separator); err != nil {
		p.Add("separator", err.Error(), `skriv ét tegn, fx ";", eller tab`)
	}
	p.OneOf("quote", c.Quote, "ingen")
	switch header := c.Header == nil && len(c.Columns) == 0 || c.Header != nil && *c.Header; {
	case header && len(c.Columns) > 0:
		p.Add("columns", "kan ikke bruges sammen med header: true", "fjern den ene; med header hedder felterne, som filen siger")
	case !header && len(c.Columns) == 0:
		p.Add("columns", "mangler, når header er false", "skriv felternes navne i rækkefølge")
	}
	for i, name := range c.Columns {
		if name == "" || slices.Index(c.Columns, name) != i {
			p.Add("columns", fmt.Sprintf("nr. %d, %q, er tom eller der to gange", i+1, name), "giv hver kolonne sit navn")
		}
	}
}

func separator(s string) (rune, error) {
	switch s {
	case "":
		return ';', nil
	case "tab", `\t`:
		return '\t', nil
	}
	r, n := utf8.DecodeRuneInString(s)
	if n != len(s) || r == utf8.RuneError || strings.ContainsRune("\"\r\n", r) {
		return 0, fmt.Errorf("%q kan ikke skille felter", s)
	}
	return r, nil
}

func (c SourceConfig) checkReady(p *check.Problems) {
	r, n := c.Faerdig, 0
	for _, set := range []bool{r.Marker != "", r.Omdoebt, r.Stabil > 0} {
		if set {
			n++
		}
	}
	if n != 1 {
		p.Add("faerdig", "skal sige, hvordan det ses, at en fil er skrevet helt", `skriv én af omdoebt, {marker: ".klar"} og {stabil: 2s}; omdoebt er bedst, hvis systemet kan`)
	}
	if r.Marker != "" && !strings.HasPrefix(r.Marker, ".") && !strings.HasPrefix(r.Marker, "*.") || strings.ContainsAny(r.Marker, `/\`) {
		p.Add("faerdig.marker", fmt.Sprintf("%q er ikke en endelse", r.Marker), `skriv ".klar" for sag.csv.klar, eller "*.klar" for sag.klar`)
	}
	if r.Stabil > 0 && time.Duration(r.Stabil) < 100*time.Millisecond {
		p.Add("faerdig.stabil", "er for kort til at kende en færdig fil på", "skriv mindst 1s")
	}
}

func (c SourceConfig) checkFolders(p *check.Problems) {
	for key, folder := range map[string]string{"behandlet": c.Behandlet, "afvist": c.Afvist} {
		if folder != "" && (!filepath.IsLocal(folder) || filepath.Clean(folder) == ".") {
			p.Add(key, fmt.Sprintf("%q er ikke en undermappe af path", folder), "skriv et mappenavn")
		}
	}
}

// withDefaults fills in what was not set.
func (c SourceConfig) withDefaults() SourceConfig {
	if c.Behandlet == "" {
		c.Behandlet = DefaultRead
	}
	if c.Afvist == "" {
		c.Afvist = DefaultRefused
	}
	c.MaxFil = c.MaxFil.Or(DefaultFile)
	return c
}

// parse finds the records in the bytes of a file.
func (c SourceConfig) parse(name string, b []byte) records.Reader {
	text, err := c.decode(b)
	if err != nil {
		return records.Refuse(name, b, err)
	}
	switch c.Format {
	case "xml":
		return records.XML(text, name, c.Element)
	case "json":
		return records.JSON(text, name, c.Element)
	case "ndjson":
		return records.NDJSON(text, name)
	}
	sep, _ := separator(c.Separator) // Validate has seen it
	return records.CSV(text, name, records.CSVFormat{Separator: sep, NoQuotes: c.Quote == "ingen", Columns: c.Columns})
}

func (c SourceConfig) decode(b []byte) (*connector.Text, error) {
	if c.Format == "xml" {
		return connector.DecodeXML(b, c.Charset)
	}
	charset, err := connector.CharsetByName(c.Charset)
	if err != nil {
		return nil, err
	}
	return charset.Decode(b)
}

// matches reports whether a file of that name is one of the source's.
func (c SourceConfig) matches(name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "~") {
		return false
	}
	for _, end := range []string{".tmp", ".part", "~"} {
		if strings.HasSuffix(strings.ToLower(name), end) {
			return false
		}
	}
	if m := c.Faerdig.Marker; m != "" && strings.HasSuffix(name, strings.TrimPrefix(m, "*")) {
		return false
	}
	return slices.ContainsFunc(c.Pattern, func(pattern string) bool {
		ok, _ := path.Match(pattern, name) // Validate has seen the pattern
		return ok
	})
}

// marker gives the name of the file that says that the file called name is whole; "" when none does.
func (c SourceConfig) marker(name string) string {
	m := c.Faerdig.Marker
	if end, ok := strings.CutPrefix(m, "*"); ok {
		return strings.TrimSuffix(name, path.Ext(name)) + end
	}
	if m == "" {
		return ""
	}
	return name + m
}
