package oio

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/moxkit/mox"
)

// The names of the JSON form that are not metadata fields.
const (
	navnRelateret    = "relateret"
	navnIndholdstype = "indholdstype"
	navnIndhold      = "indhold"
	navnBase64       = "base64"
)

// beskedniveauer is how deep a besked is looked into: the objects in the list of related objekter are the third level.
const beskedniveauer = 3

// MarshalBesked gives our JSON form of a besked: every metadata field that is set, by its name in [mox.Beskedfelter] (a
// list is an array, also with one value), the related objekter, and the content.
//
//	{"beskedID": "…", "beskedtype": "Sag.Rettet", "procesID": ["…"],
//	 "relateret": [{"rolle": "primaerpart", "objektID": "urn:oio:cpr-nr:…", "objekttype": "Person"}],
//	 "indholdstype": "application/json", "indhold": {…}}
//
// JSON content is embedded without insignificant space; its names, their order and its numbers stay as they were. Other
// content, and JSON that this package would not read again, stands as {"base64": "…"}.
//
// The error is an [*mox.Error]: [mox.KodeUgyldig] for a text that is not UTF-8 or holds NUL, [mox.KodeForStor] over
// [MaksBeskedBytes].
func MarshalBesked(b *mox.Besked) ([]byte, error) {
	s := skriver{b: make([]byte, 0, 1024+len(b.Indhold))}
	s.aabn('{')
	for _, f := range mox.Beskedfelter() {
		s.metadata(&f, f.Hent(b))
	}
	s.relateret(b.Relateret)
	s.felt(nil, navnIndholdstype, b.Indholdstype)
	s.indhold(b)
	s.luk('}')
	return s.faerdig("oio.MarshalBesked", MaksBeskedBytes)
}

func (s *skriver) metadata(f *mox.Beskedfelt, v []string) {
	if len(v) == 0 {
		return
	}
	if !f.Flere {
		s.felt(nil, f.Navn, v[0])
		return
	}
	s.navn(f.Navn)
	s.aabn('[')
	sted := (*sti)(nil).under(f.Navn)
	for i, x := range v {
		her := sted.post(i)
		s.tekst(&her, x)
	}
	s.luk(']')
}

func (s *skriver) relateret(l []mox.Relateret) {
	if len(l) == 0 {
		return
	}
	s.navn(navnRelateret)
	sted := (*sti)(nil).under(navnRelateret)
	skrivListe(s, &sted, l, func(her *sti, _ int, r *mox.Relateret) {
		s.felt(her, "rolle", r.Rolle)
		s.felt(her, "objektID", r.ID)
		s.felt(her, "objekttype", r.ObjektType)
	})
}

func (s *skriver) indhold(b *mox.Besked) {
	if len(b.Indhold) == 0 {
		return
	}
	s.navn(navnIndhold)
	if erJSON(b.Indholdstype) && kanIndlejres(b.Indhold) {
		ud := bytes.NewBuffer(s.b)
		if json.Compact(ud, b.Indhold) == nil {
			s.b = ud.Bytes()
			return
		}
	}
	s.aabn('{')
	s.navn(navnBase64)
	s.b = append(s.b, '"')
	s.b = base64.StdEncoding.AppendEncode(s.b, b.Indhold)
	s.b = append(s.b, '"')
	s.luk('}')
}

// kanIndlejres reports whether content will be read back as it is: it is strict JSON, and not what we ourselves write for
// other content.
func kanIndlejres(b []byte) bool {
	v, fejl := laesJSON(b, MaksDybde, 1)
	return fejl == nil && v.slags != ingen && !erBase64(&v)
}

// erBase64 reports whether v has the form of content that is not JSON.
func erBase64(v *vaerdi) bool {
	return v.slags == objekt && len(v.medlem) == 1 && v.medlem[0].navn == navnBase64 && v.medlem[0].slags == tekst
}

// UnmarshalBesked reads what [MarshalBesked] writes, and fills in what may be left out (see [mox.Besked.MedStandard]).
// Embedded content without an indholdstype is [TypeJSON]. It checks form only: what a besked must say is for
// [mox.Besked.Valider].
//
// The error is an [*mox.Error] with [mox.KodeUgyldig] and a Feltfejl for each fault, or [mox.KodeForStor] over
// [MaksBeskedBytes].
func UnmarshalBesked(b []byte) (mox.Besked, error) {
	const op = "oio.UnmarshalBesked"
	v, err := laesTop(op, b, MaksBeskedBytes, MaksDybde+1, beskedniveauer)
	if err != nil {
		return mox.Besked{}, err
	}
	var l laesning
	var ud mox.Besked
	for i := range v.medlem {
		m := &v.medlem[i]
		her := (*sti)(nil).under(m.navn)
		switch m.navn {
		case navnRelateret:
			ud.Relateret = l.relateret(&her, &m.vaerdi)
		case navnIndholdstype:
			ud.Indholdstype = strings.Clone(l.tekst(&her, &m.vaerdi))
		case navnIndhold: // when its type is known
		default:
			l.metadata(&ud, m)
		}
	}
	if m := v.find(navnIndhold); m != nil {
		l.indhold(&ud, m, b)
	}
	if len(l.fejl) > 0 {
		return mox.Besked{}, ugyldig(op, "beskeden kan ikke læses", l.fejl)
	}
	return ud.MedStandard(), nil
}

func (l *laesning) metadata(b *mox.Besked, m *medlem) {
	f, ok := mox.BeskedfeltAf(m.navn)
	if !ok {
		l.ukendt(nil, m.navn, beskednavne()...)
		return
	}
	her := (*sti)(nil).under(f.Navn)
	var v []string
	if f.Flere {
		if !l.er(&her, &m.vaerdi, liste) {
			return
		}
		for i := range m.medlem {
			under := her.post(i)
			if x := &m.medlem[i].vaerdi; l.er(&under, x, tekst) {
				v = append(v, strings.Clone(x.tekst))
			}
		}
	} else if x := l.tekst(&her, &m.vaerdi); x != "" {
		v = []string{strings.Clone(x)}
	}
	l.saet(&her, f, b, v)
}

func (l *laesning) saet(s *sti, f *mox.Beskedfelt, b *mox.Besked, v []string) {
	if err := f.Saet(b, v); err != nil {
		l.afvis(s, "vaerdi", "", "%v", err)
	}
}

// beskednavne are the names of the JSON form.
func beskednavne() []string {
	ud := []string{navnRelateret, navnIndholdstype, navnIndhold}
	for _, f := range mox.Beskedfelter() {
		ud = append(ud, f.Navn)
	}
	return ud
}

func (l *laesning) relateret(s *sti, v *vaerdi) []mox.Relateret {
	return poster(l, s, v, func(s *sti, v *vaerdi) (ud mox.Relateret) {
		for i := range v.medlem {
			m := &v.medlem[i]
			her := s.under(m.navn)
			switch m.navn {
			case "rolle":
				ud.Rolle = strings.Clone(l.tekst(&her, &m.vaerdi))
			case "objektID":
				ud.ID = unikID(l.tekst(&her, &m.vaerdi))
			case "objekttype":
				ud.ObjektType = strings.Clone(l.tekst(&her, &m.vaerdi))
			default:
				l.ukendt(s, m.navn, "rolle", "objektID", "objekttype")
			}
		}
		return ud
	})
}

// unikID is an id as given, a UUID in lower case.
func unikID(s string) string {
	if id := strings.ToLower(s); mox.ErUUID(id) {
		return id
	}
	return strings.Clone(s)
}

// indhold reads the content, which stands at v in the source.
func (l *laesning) indhold(b *mox.Besked, v *vaerdi, kilde []byte) {
	her := (*sti)(nil).under(navnIndhold)
	switch {
	case v.slags == ingen:
	case erBase64(v):
		raa, err := base64.StdEncoding.DecodeString(v.medlem[0].tekst)
		if err != nil {
			under := her.under(navnBase64)
			l.afvis(&under, "base64", "", "er ikke base64")
		}
		b.Indhold = raa
	case b.Indholdstype != "" && !erJSON(b.Indholdstype):
		l.afvis(&her, "type", "", `indhold, der ikke er JSON, skrives som {"base64": "…"}`)
	default:
		if b.Indholdstype == "" {
			b.Indholdstype = TypeJSON
		}
		b.Indhold = kompakt(kilde[v.fra:v.til])
	}
}

// kompakt is JSON without insignificant space; the argument is JSON.
func kompakt(b []byte) []byte {
	var ud bytes.Buffer
	ud.Grow(len(b))
	if json.Compact(&ud, b) != nil {
		return slices.Clone(b)
	}
	return ud.Bytes()
}
