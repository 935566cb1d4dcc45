package oio

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/moxkit/mox"
)

// skriver writes JSON without insignificant space, names in the order it is told them.
type skriver struct {
	b    []byte
	fejl []mox.Feltfejl
	til  mox.Tidspunkt // of a registrering that is read from a register; otherwise not given
}

func (s *skriver) afvis(sted *sti, regel, tekst string) {
	if len(s.fejl) < maksFejl {
		s.fejl = append(s.fejl, mox.Feltfejl{Sti: sted.String(), Regel: regel, Tekst: tekst})
	}
}

// aabn begins an object or a list.
func (s *skriver) aabn(c byte) {
	s.komma()
	s.b = append(s.b, c)
}

func (s *skriver) luk(c byte) { s.b = append(s.b, c) }

// komma separates a value from the one before it.
func (s *skriver) komma() {
	if n := len(s.b); n > 0 && s.b[n-1] != '{' && s.b[n-1] != '[' && s.b[n-1] != ':' {
		s.b = append(s.b, ',')
	}
}

func (s *skriver) navn(navn string) {
	s.komma()
	s.b = append(append(append(s.b, '"'), navn...), '"', ':')
}

// raa writes a value that is JSON already.
func (s *skriver) raa(v string) {
	s.komma()
	s.b = append(s.b, v...)
}

// felt writes a text by name; an empty one is left out.
func (s *skriver) felt(sted *sti, navn, v string) {
	if v != "" {
		s.navn(navn)
		her := sted.under(navn)
		s.tekst(&her, v)
	}
}

func (s *skriver) tekst(sted *sti, v string) {
	if !utf8.ValidString(v) || strings.IndexByte(v, 0) >= 0 {
		s.afvis(sted, "tekst", "er ikke gyldig tekst (UTF-8 uden NUL)")
		v = ""
	}
	s.komma()
	s.b = appendTekst(s.b, v)
}

// appendTekst quotes v, which is valid UTF-8: only what JSON demands is escaped.
func appendTekst(b []byte, v string) []byte {
	b = append(b, '"')
	fra := 0
	for i := 0; i < len(v); i++ {
		c := v[i]
		if c >= ' ' && c != '"' && c != '\\' {
			continue
		}
		b = append(b, v[fra:i]...)
		fra = i + 1
		switch n := strings.IndexByte("\"\\\n\r\t", c); {
		case n >= 0:
			b = append(b, '\\', `"\nrt`[n])
		default:
			b = append(b, '\\', 'u', '0', '0', "0123456789abcdef"[c>>4], "0123456789abcdef"[c&15])
		}
	}
	return append(append(b, v[fra:]...), '"')
}

func (s *skriver) tal(v int) {
	s.komma()
	s.b = strconv.AppendInt(s.b, int64(v), 10)
}

// erTekst reports whether every form of a besked can carry v.
func erTekst(v string) bool { return utf8.ValidString(v) && strings.IndexByte(v, 0) < 0 }
