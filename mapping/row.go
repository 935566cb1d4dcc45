package mapping

import (
	"slices"
	"strings"
	"unicode"
)

// Direction is a way through the table.
type Direction int

// The ways.
const (
	Begge Direction = iota // both ways
	Ind                    // system → OIO
	Ud                     // OIO → system
)

func (d Direction) String() string {
	switch d {
	case Ind:
		return "ind"
	case Ud:
		return "ud"
	}
	return "begge"
}

// includes reports whether something that works in direction d works in direction other.
func (d Direction) includes(other Direction) bool { return d == Begge || other == Begge || d == other }

// Type is what a row's values are.
type Type string

// The types.
const (
	Tekst     Type = "tekst"
	Dato      Type = "dato"      // a day
	Tidspunkt Type = "tidspunkt" // a point in time
	Heltal    Type = "heltal"    // 64 bits, signed
	Tal       Type = "tal"       // a decimal number
	Boolsk    Type = "boolsk"
)

// Row is one row of a table as it was written, for documentation and comparison. The package comment explains the keys.
type Row struct {
	Line        int    // of the row in the file
	Felt        string // "" for a row without a local field
	Sti         string // "" for a row without an OIO path
	Retning     Direction
	Type        Type
	Kraevet     bool
	Maks        int // 0 = no limit
	Koder       []Code
	Praefiks    string
	Fjern       string
	Noegle      string // objekttype
	Format      string
	Decimal     string
	Sand, Falsk string
	Tekst       bool   // heltal, tal and boolsk go to the system as text
	Fast        string // constant value of Sti
	FastFelt    string // constant value of Felt
	Standard    string
	Starlark    string
	Reads       []string // the local fields or OIO paths that Starlark names outright
}

// Code is one line of a code table.
type Code struct {
	Lokal, OIO  string
	Foretrukken bool // named by foretrukken
}

// form is which of the four kinds of row it is; it decides the keys the row may have.
type form int

const (
	formFelt form = iota
	formFast
	formFastFelt
	formBeregnet
)

// keys are the keys a row of the form may have.
func (f form) keys() []string {
	switch f {
	case formFast:
		return []string{"sti", "fast"}
	case formFastFelt:
		return []string{"felt", "fast_felt", "type"}
	case formBeregnet:
		return []string{"felt", "sti", "starlark", "kraevet", "maks"}
	}
	return []string{"felt", "sti", "retning", "kraevet", "maks", "standard", "fjern", "praefiks", "koder", "foretrukken",
		"noegle", "type", "format", "decimal", "sand", "falsk", "tekst"}
}

func (f form) String() string {
	switch f {
	case formFast:
		return "en række med fast"
	case formFastFelt:
		return "en række med fast_felt"
	case formBeregnet:
		return "et beregnet felt"
	}
	return "en række med felt og sti"
}

// spec is a row while it is being read.
type spec struct {
	Row
	form        form
	at          pos
	keys        map[string]pos // where each key stands
	foretrukken []string
	starlark    source
	bad         bool // has a problem; what depends on it is not checked further
}

func (s *spec) has(key string) bool { _, ok := s.keys[key]; return ok }

// where is the place of the key, or of the row where it has not that key.
func (s *spec) where(key string) pos {
	if at, ok := s.keys[key]; ok {
		return at
	}
	return s.at
}

// fail reports a problem of the row at one of its keys.
func (s *spec) fail(r *reader, key, hint, format string, args ...any) {
	s.bad = true
	r.fail(s.where(key), hint, format, args...)
}

// row reads one row's keys, and checks that they belong together. It does not look at other rows.
func (r *reader) row(entries []entry, at pos, computed bool) *spec {
	s := &spec{at: at, keys: make(map[string]pos, len(entries))}
	s.Line, s.Type = at.line, Tekst
	before := len(r.problems)
	for _, e := range entries {
		s.keys[e.key] = e.at
		if !r.rowKey(s, e) {
			r.fail(e.at, didYouMean(e.key, rowKeys()), "ukendt nøgle %s i en række", quote(e.key))
		}
	}
	s.form = formOf(s, computed)
	if len(r.problems) == before {
		s.checkKeys(r)
		s.checkNames(r)
	}
	s.bad = len(r.problems) > before
	return s
}

func rowKeys() []string {
	return append(formFelt.keys(), "fast", "fast_felt", "starlark")
}

func formOf(s *spec, computed bool) form {
	switch {
	case computed:
		return formBeregnet
	case s.has("fast"):
		return formFast
	case s.has("fast_felt"):
		return formFastFelt
	}
	return formFelt
}

// rowKey reads one key into s; false means that there is no such key.
func (r *reader) rowKey(s *spec, e entry) bool {
	switch e.key {
	case "felt":
		s.Felt = r.text(e)
	case "sti":
		s.Sti = r.text(e)
	case "retning":
		s.Retning = r.direction(e)
	case "kraevet":
		s.Kraevet = r.truth(e)
	case "maks":
		s.Maks = r.count(e, MaxValue)
	case "standard":
		s.Standard = r.text(e)
	case "fjern":
		s.Fjern = r.text(e)
	case "praefiks":
		s.Praefiks = r.text(e)
	case "koder":
		s.Koder = r.codes(e)
	case "foretrukken":
		s.foretrukken = r.texts(e)
	case "noegle":
		s.Noegle = r.text(e)
	case "type":
		s.Type = r.valueType(e)
	case "format":
		s.Format = r.text(e)
	case "decimal":
		s.Decimal = r.text(e)
	case "sand":
		s.Sand = r.text(e)
	case "falsk":
		s.Falsk = r.text(e)
	case "tekst":
		s.Tekst = r.truth(e)
	case "fast":
		s.Fast = r.text(e)
	case "fast_felt":
		s.FastFelt = r.text(e)
	case "starlark":
		s.Starlark = r.text(e)
		s.starlark = sourceOf(e.value, s.Starlark)
	default:
		return false
	}
	return true
}

func (r *reader) direction(e entry) Direction {
	switch s, _ := scalar(e.value); s {
	case "ind":
		return Ind
	case "ud":
		return Ud
	}
	r.fail(e.at, "udelad nøglen, når rækken gælder begge veje", "«retning» skal være ind eller ud")
	return Begge
}

func (r *reader) valueType(e entry) Type {
	known := []string{string(Tekst), string(Dato), string(Tidspunkt), string(Heltal), string(Tal), string(Boolsk)}
	s := r.text(e)
	if s != "" && !slices.Contains(known, s) {
		r.fail(e.at, didYouMean(s, known), "ukendt type %s", quote(s))
		return Tekst
	}
	return Type(s)
}

func (r *reader) codes(e entry) []Code {
	entries := r.mapping(e.value, "«koder»")
	if len(entries) > MaxCodes {
		r.fail(e.at, "del tabellen, eller brug noegle eller et beregnet felt", "kodetabellen har %d koder; grænsen er %d", len(entries), MaxCodes)
		return nil
	}
	codes := make([]Code, 0, len(entries))
	for _, c := range entries {
		if c.key == "" {
			r.fail(c.at, "brug standard: til en tom værdi", "en kode kan ikke være tom")
			continue
		}
		if oio := r.text(c); oio != "" {
			codes = append(codes, Code{Lokal: c.key, OIO: oio})
		}
	}
	return codes
}

// checkKeys refuses keys that the row's form or type has no use for: a key without effect is a mistake.
func (s *spec) checkKeys(r *reader) {
	allowed := s.form.keys()
	for key := range s.keys {
		if !slices.Contains(allowed, key) {
			s.fail(r, key, "slet nøglen, eller del rækken i to", "«%s» hører ikke til %s", key, s.form)
		}
	}
	s.only(r, "format", Dato, Tidspunkt)
	s.only(r, "decimal", Tal)
	s.only(r, "sand", Boolsk)
	s.only(r, "falsk", Boolsk)
	s.only(r, "tekst", Heltal, Tal, Boolsk)
	s.only(r, "koder", Tekst, Heltal)
	s.only(r, "noegle", Tekst)
	if s.has("foretrukken") && !s.has("koder") {
		s.fail(r, "foretrukken", "tilføj koder, eller slet nøglen", "«foretrukken» virker kun sammen med «koder»")
	}
	for _, key := range []string{"koder", "praefiks"} {
		if s.has("noegle") && s.has(key) {
			s.fail(r, key, "", "«%s» kan ikke stå sammen med «noegle»: værdien er en henvisning", key)
		}
	}
	if s.has("sand") != s.has("falsk") {
		s.fail(r, "type", "skriv både sand og falsk", "«sand» og «falsk» skal stå sammen")
	}
	if s.has("standard") && s.Retning == Ud {
		s.fail(r, "standard", "slet nøglen", "«standard» virker kun på vej ind")
	}
}

func (s *spec) only(r *reader, key string, types ...Type) {
	if s.has(key) && !slices.Contains(types, s.Type) {
		s.fail(r, key, "", "«%s» kan ikke bruges til type %s", key, s.Type)
	}
}

// checkNames demands the ends that the row's form needs, spelled as names are.
func (s *spec) checkNames(r *reader) {
	switch s.form {
	case formFelt:
		s.need(r, "felt")
		s.need(r, "sti")
	case formFast:
		s.need(r, "sti")
	case formFastFelt:
		s.need(r, "felt")
	case formBeregnet:
		s.need(r, "starlark")
		if s.has("felt") == s.has("sti") {
			s.fail(r, "starlark", "skriv felt: for vejen ud, sti: for vejen ind", "et beregnet felt skal have enten «felt» eller «sti»")
		}
	}
	if s.has("felt") && badName(s.Felt) {
		s.fail(r, "felt", "", "feltnavnet %s begynder eller ender med blanktegn, eller har et styretegn", quote(s.Felt))
	}
	if s.has("sti") && badPath(s.Sti) {
		s.fail(r, "sti", "skriv fx egenskaber.titel", "stien %s er ikke navne med punktum imellem", quote(s.Sti))
	}
	if s.has("noegle") && !plainWord(s.Noegle) {
		s.fail(r, "noegle", "skriv en objekttype, fx Sag", "%s er ikke en objekttype", quote(s.Noegle))
	}
}

func (s *spec) need(r *reader, key string) {
	if !s.has(key) {
		s.fail(r, key, "", "%s mangler «%s»", s.form, key)
	}
}

func badName(s string) bool {
	return s != strings.TrimSpace(s) || strings.ContainsFunc(s, unicode.IsControl)
}

func badPath(s string) bool {
	return strings.ContainsFunc(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }) ||
		slices.Contains(strings.Split(s, "."), "")
}

func plainWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
}
