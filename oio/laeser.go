package oio

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/moxkit/mox"
)

// slags is the kind of a JSON value.
type slags uint8

const (
	ingen slags = iota // null
	boolsk
	tal
	tekst
	liste
	objekt
)

func (s slags) String() string {
	return [...]string{"null", "true eller false", "et tal", "tekst", "en liste", "et objekt"}[s]
}

// vaerdi is a JSON value. Its texts share memory with the text it was read from.
type vaerdi struct {
	slags    slags
	fra, til int32    // where it stands in the source
	tekst    string   // a text's content; a number, true or false as written
	medlem   []medlem // of a list, without names, or of an object
}

type medlem struct {
	navn string
	vaerdi
}

func (v *vaerdi) find(navn string) *vaerdi {
	for i := range v.medlem {
		if v.medlem[i].navn == navn {
			return &v.medlem[i].vaerdi
		}
	}
	return nil
}

// jsonfejl is the first place where a text is not JSON that we read.
type jsonfejl struct {
	sti, regel, tekst string
}

func (f *jsonfejl) under(navn string) *jsonfejl {
	if f.sti != "" && f.sti[0] != '[' {
		navn += "."
	}
	f.sti = navn + f.sti
	return f
}

// vist is a name from the source as it may stand in an error: short, and without a CPR number. spec: mox 53
func vist(navn string) string {
	const maks = 60
	if len(navn) > maks {
		navn = strings.ToValidUTF8(navn[:maks], "") + "…"
	}
	return mox.Maskeret(navn)
}

// laesJSON reads one JSON text as RFC 7493 (I-JSON) describes it: valid UTF-8, no name twice in one object, no half
// characters; besides, no NUL, which PostgreSQL cannot hold. encoding/json lets all of these pass, silently changed.
//
// Of objects and lists deeper than byg levels only the form is read: they have no medlem.
func laesJSON(b []byte, dybde, byg int) (vaerdi, *jsonfejl) {
	if !utf8.Valid(b) {
		return vaerdi{}, &jsonfejl{"", "json", "er ikke gyldig UTF-8"}
	}
	l := jsonlaeser{s: string(b), bund: dybde - byg}
	l.blank()
	v, fejl := l.vaerdi(dybde)
	if fejl != nil {
		return vaerdi{}, fejl
	}
	if l.blank(); l.i < len(l.s) {
		return vaerdi{}, l.fejl("der står mere efter det første objekt")
	}
	return v, nil
}

type jsonlaeser struct {
	s     string
	i     int
	antal int      // values so far
	bund  int      // levels left from where on nothing is built
	stak  []medlem // of the objects and lists that are open
}

// saml takes what has been read since base off the stack.
func (l *jsonlaeser) saml(base, dybde int) (ud []medlem) {
	if dybde >= l.bund && len(l.stak) > base {
		ud = slices.Clone(l.stak[base:])
	}
	l.stak = l.stak[:base]
	return ud
}

// fejl tells the place by line and column, counted in bytes.
func (l *jsonlaeser) fejl(format string, args ...any) *jsonfejl {
	foer := l.s[:min(l.i, len(l.s))]
	linje := strings.Count(foer, "\n") + 1
	kolonne := len(foer) - strings.LastIndexByte(foer, '\n')
	return &jsonfejl{"", "json", fmt.Sprintf("linje %d, tegn %d: ", linje, kolonne) + fmt.Sprintf(format, args...)}
}

func (l *jsonlaeser) blank() {
	for l.i < len(l.s) && (l.s[l.i] == ' ' || l.s[l.i] == '\n' || l.s[l.i] == '\t' || l.s[l.i] == '\r') {
		l.i++
	}
}

// tag steps over c, if it is the next sign.
func (l *jsonlaeser) tag(c byte) bool {
	if l.i < len(l.s) && l.s[l.i] == c {
		l.i++
		return true
	}
	return false
}

func (l *jsonlaeser) vaerdi(dybde int) (v vaerdi, fejl *jsonfejl) {
	if maks := max(maksVaerdier, len(l.s)/20); l.antal >= maks {
		return v, &jsonfejl{"", "antal", fmt.Sprintf("har over %d værdier", maks)}
	}
	l.antal++
	if l.i >= len(l.s) {
		return v, l.fejl("teksten slutter for tidligt")
	}
	fra := l.i
	switch c := l.s[l.i]; {
	case c == '{' || c == '[':
		if dybde == 0 {
			return v, &jsonfejl{"", "dybde", fmt.Sprintf("er over %d niveauer dybt", MaksDybde)}
		}
		l.i++
		if c == '{' {
			v.slags = objekt
			v.medlem, fejl = l.objekt(dybde - 1)
		} else {
			v.slags = liste
			v.medlem, fejl = l.liste(dybde - 1)
		}
	case c == '"':
		v.slags = tekst
		v.tekst, fejl = l.tekst()
	case c == '-' || c >= '0' && c <= '9':
		v.slags = tal
		v.tekst, fejl = l.tal()
	default:
		v.slags, v.tekst, fejl = l.ord()
	}
	v.fra, v.til = int32(fra), int32(l.i)
	return v, fejl
}

func (l *jsonlaeser) ord() (slags, string, *jsonfejl) {
	for _, o := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(l.s[l.i:], o) {
			l.i += len(o)
			if o == "null" {
				return ingen, o, nil
			}
			return boolsk, o, nil
		}
	}
	return 0, "", l.fejl("her skulle stå en værdi")
}

func (l *jsonlaeser) liste(dybde int) ([]medlem, *jsonfejl) {
	if l.blank(); l.tag(']') {
		return nil, nil
	}
	base := len(l.stak)
	for nr := 0; ; nr++ {
		l.blank()
		v, fejl := l.vaerdi(dybde)
		if fejl != nil {
			return nil, fejl.under("[" + strconv.Itoa(nr) + "]")
		}
		l.stak = append(l.stak, medlem{vaerdi: v})
		switch l.blank(); {
		case l.tag(']'):
			return l.saml(base, dybde), nil
		case !l.tag(','):
			return nil, l.fejl("her skulle stå , eller ]")
		}
	}
}

func (l *jsonlaeser) objekt(dybde int) ([]medlem, *jsonfejl) {
	if l.blank(); l.tag('}') {
		return nil, nil
	}
	base := len(l.stak)
	var set navne
	for {
		m, fejl := l.medlem(dybde)
		if fejl != nil {
			return nil, fejl
		}
		if set.har(l.stak[base:], m.navn) {
			return nil, (&jsonfejl{"", "dobbelt", "står der to gange"}).under(vist(m.navn))
		}
		l.stak = append(l.stak, m)
		switch l.blank(); {
		case l.tag('}'):
			return l.saml(base, dybde), nil
		case !l.tag(','):
			return nil, l.fejl("her skulle stå , eller }")
		}
	}
}

func (l *jsonlaeser) medlem(dybde int) (m medlem, fejl *jsonfejl) {
	if l.blank(); l.i >= len(l.s) || l.s[l.i] != '"' {
		return m, l.fejl("her skulle stå et navn i anførselstegn")
	}
	if m.navn, fejl = l.tekst(); fejl != nil {
		return m, fejl
	}
	if l.blank(); !l.tag(':') {
		return m, l.fejl("her skulle stå :")
	}
	l.blank()
	if m.vaerdi, fejl = l.vaerdi(dybde); fejl != nil {
		fejl = fejl.under(vist(m.navn))
	}
	return m, fejl
}

// navne finds names that stand twice: by looking through a small object, by a map in a large one.
type navne map[string]struct{}

const smaat = 16

func (n *navne) har(ud []medlem, navn string) bool {
	if len(ud) < smaat {
		for i := range ud {
			if ud[i].navn == navn {
				return true
			}
		}
		return false
	}
	if *n == nil {
		*n = make(navne, 2*smaat)
		for i := range ud {
			(*n)[ud[i].navn] = struct{}{}
		}
	}
	_, ok := (*n)[navn]
	(*n)[navn] = struct{}{}
	return ok
}

func (l *jsonlaeser) cifre() bool {
	fra := l.i
	for l.i < len(l.s) && l.s[l.i] >= '0' && l.s[l.i] <= '9' {
		l.i++
	}
	return l.i > fra
}

func (l *jsonlaeser) tal() (string, *jsonfejl) {
	fra := l.i
	l.tag('-')
	if !l.tag('0') && !l.cifre() {
		return "", l.fejl("er ikke et tal")
	}
	if l.tag('.') && !l.cifre() {
		return "", l.fejl("er ikke et tal")
	}
	if l.tag('e') || l.tag('E') {
		_ = l.tag('+') || l.tag('-')
		if !l.cifre() {
			return "", l.fejl("er ikke et tal")
		}
	}
	return l.s[fra:l.i], nil
}

// tekst reads from one quotation mark to the next. Most texts have no escapes, and are a piece of the source.
func (l *jsonlaeser) tekst() (string, *jsonfejl) {
	l.i++
	fra := l.i
	for ; l.i < len(l.s); l.i++ {
		switch c := l.s[l.i]; {
		case c == '"':
			l.i++
			return l.s[fra : l.i-1], nil
		case c == '\\':
			return l.medTegn(l.s[fra:l.i])
		case c < ' ':
			return "", l.fejl("et styretegn skal skrives som \\u%04x", c)
		}
	}
	return "", l.fejl("teksten slutter for tidligt")
}

func (l *jsonlaeser) medTegn(foerst string) (string, *jsonfejl) {
	var ud strings.Builder
	ud.WriteString(foerst)
	for l.i < len(l.s) {
		switch c := l.s[l.i]; {
		case c == '"':
			l.i++
			return ud.String(), nil
		case c == '\\':
			r, fejl := l.tegn()
			if fejl != nil {
				return "", fejl
			}
			ud.WriteRune(r)
		case c < ' ':
			return "", l.fejl("et styretegn skal skrives som \\u%04x", c)
		default:
			ud.WriteByte(c)
			l.i++
		}
	}
	return "", l.fejl("teksten slutter for tidligt")
}

// tegn reads one escape.
func (l *jsonlaeser) tegn() (rune, *jsonfejl) {
	l.i++
	if l.i >= len(l.s) {
		return 0, l.fejl("teksten slutter for tidligt")
	}
	c := l.s[l.i]
	l.i++
	if c != 'u' {
		if n := strings.IndexByte(`"\/bfnrt`, c); n >= 0 {
			return rune("\"\\/\b\f\n\r\t"[n]), nil
		}
		return 0, l.fejl("\\%c er ikke et tegn", c)
	}
	r, ok := l.hex4()
	if ok && utf16.IsSurrogate(r) {
		r, ok = l.parret(r)
	}
	switch {
	case !ok:
		return 0, l.fejl("\\u skal følges af fire hexcifre, og et halvt tegn af sin anden halvdel")
	case r == 0:
		return 0, l.fejl("tegnet NUL kan ikke bruges")
	}
	return r, nil
}

// parret reads the second half of a character that takes two escapes.
func (l *jsonlaeser) parret(foerste rune) (rune, bool) {
	if !l.tag('\\') || !l.tag('u') {
		return 0, false
	}
	anden, ok := l.hex4()
	r := utf16.DecodeRune(foerste, anden)
	return r, ok && r != utf8.RuneError
}

func (l *jsonlaeser) hex4() (rune, bool) {
	if l.i+4 > len(l.s) {
		return 0, false
	}
	var r rune
	for range 4 {
		n := strings.IndexByte("0123456789abcdef", l.s[l.i]|0x20)
		if n < 0 || l.s[l.i] < '0' {
			return 0, false
		}
		r = r<<4 | rune(n)
		l.i++
	}
	return r, true
}
