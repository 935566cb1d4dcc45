package oio

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/moxkit/mox"
)

// Content types of CloudEvents 1.0.
const (
	TypeCloudEvent      = "application/cloudevents+json"
	TypeCloudEventBatch = "application/cloudevents-batch+json"
)

// MaksBatch is how many beskeder a batch may have.
const MaksBatch = 500

// The attributes of a CloudEvent that are not metadata fields under their own name.
const (
	ceVersion  = "1.0"
	ceSystem   = urnNavn + "system:" // source, with kildesystem
	ceUkendt   = urnNavn + "ukendt"  // source, where no system is told
	ceType     = "dk.mox."           // type, with beskedtype
	ceHoved    = "ce-"               // before an attribute's name in a header
	ceIndhold  = "content-type"
	ceData     = "data"
	ceDataB64  = "data_base64"
	ceIndhType = "datacontenttype"
	ceSpec     = "specversion"
)

// cloudpladser are the metadata fields that CloudEvents has an attribute of its own for. Every other field is an extension
// attribute: its name in lower case.
var cloudpladser = map[string]string{"beskedID": "id", "beskedtype": "type", "kildesystem": "source", "objektID": "subject", "registreringstid": "time"}

// CloudEventAttribut is the name of the attribute that holds the metadata field.
func CloudEventAttribut(felt string) string {
	if a, ok := cloudpladser[felt]; ok {
		return a
	}
	return strings.ToLower(felt)
}

// attributter is b as CloudEvents attributes, in the order of the field table.
//
//	id       beskedID                        type     "dk.mox." and beskedtype
//	source   "urn:mox:system:" and kildesystem; else "urn:uuid:" and aktoer
//	subject  objektID                        time     registreringstid
//
// Values are strings. A list is its values with a comma between; a related objekt is rolle;objektID;objekttype. A comma or
// semicolon in a value, and what CloudEvents forbids in a string, is percent-encoded, and so is a percent sign that
// would otherwise be taken for the beginning of one.
func attributter(op string, b *mox.Besked) ([]attribut, error) {
	var l laesning
	ud := []attribut{{navn: ceSpec, vaerdi: ceVersion}}
	for _, f := range mox.Beskedfelter() {
		v := f.Hent(b)
		navn := CloudEventAttribut(f.Navn)
		her := (*sti)(nil).under(f.Navn)
		for _, x := range v {
			if !erTekst(x) {
				l.afvis(&her, "tekst", "", "er ikke gyldig tekst (UTF-8 uden NUL)")
			}
		}
		switch {
		case f.Navn == "kildesystem":
			ud = append(ud, attribut{navn: navn, vaerdi: ceSource(b)})
		case len(v) == 0 && (f.Navn == "beskedID" || f.Navn == "beskedtype"):
			l.afvis(&her, "kraevet", "mox 3", "mangler")
		case len(v) == 0:
		case f.Flere:
			ud = append(ud, attribut{navn: navn, vaerdi: ceListe(v, ",")})
		case f.Navn == "beskedtype":
			ud = append(ud, attribut{navn: navn, vaerdi: ceKodet(ceType+v[0], "")})
		default:
			ud = append(ud, attribut{navn: navn, vaerdi: ceKodet(v[0], "")})
		}
	}
	if r, ok := ceRelateret(b.Relateret); ok && len(r) > 0 {
		ud = append(ud, attribut{navn: navnRelateret, vaerdi: strings.Join(r, ",")})
	} else if !ok {
		her := (*sti)(nil).under(navnRelateret)
		l.afvis(&her, "tekst", "", "er ikke gyldig tekst (UTF-8 uden NUL)")
	}
	if !erTekst(b.Indholdstype) {
		her := (*sti)(nil).under(navnIndholdstype)
		l.afvis(&her, "tekst", "", "er ikke gyldig tekst (UTF-8 uden NUL)")
	}
	return ud, ugyldig(op, "beskeden kan ikke skrives som CloudEvent", l.fejl)
}

func ceSource(b *mox.Besked) string {
	switch {
	case b.Kildesystem != "":
		return ceSystem + url.PathEscape(b.Kildesystem)
	case mox.ErUUID(b.Aktoer):
		return "urn:uuid:" + b.Aktoer
	}
	return ceUkendt
}

func ceRelateret(l []mox.Relateret) (ud []string, ok bool) {
	for _, r := range l {
		if !erTekst(r.Rolle) || !erTekst(r.ID) || !erTekst(r.ObjektType) {
			return nil, false
		}
		ud = append(ud, ceListe([]string{r.Rolle, r.ID, r.ObjektType}, ";"))
	}
	return ud, true
}

// ceListe joins values; those of a related objekt stand in a list themselves, so both signs are encoded.
func ceListe(v []string, skille string) string {
	kodet := make([]string, len(v))
	for i, x := range v {
		kodet[i] = ceKodet(x, ",;")
	}
	return strings.Join(kodet, skille)
}

// ceKodet percent-encodes the signs that CloudEvents forbids in a string, and the signs in skille.
func ceKodet(v, skille string) string {
	return procentkodet(v, func(i int, r rune) bool {
		return unicode.IsControl(r) || r&0xfffe == 0xfffe || r >= 0xfdd0 && r <= 0xfdef || r == '%' && erProcent(v[i:]) || strings.ContainsRune(skille, r)
	})
}

func procentkodet(v string, skal func(i int, r rune) bool) string {
	var ud strings.Builder
	for i, r := range v {
		if !skal(i, r) {
			ud.WriteRune(r)
			continue
		}
		for _, c := range []byte(string(r)) {
			fmt.Fprintf(&ud, "%%%02X", c)
		}
	}
	return ud.String()
}

// erProcent reports whether s begins with % and two hexadecimal digits.
func erProcent(s string) bool {
	return len(s) >= 3 && s[0] == '%' && strings.Trim(s[1:3], "0123456789abcdefABCDEF") == ""
}

// ceAfkodet is the reverse of ceKodet. ok is false for what is not text then.
func ceAfkodet(s string) (v string, ok bool) {
	var ud strings.Builder
	for i := 0; i < len(s); i++ {
		if !erProcent(s[i:]) {
			ud.WriteByte(s[i])
			continue
		}
		c, _ := url.PathUnescape(s[i : i+3]) // it has the form
		ud.WriteString(c)
		i += 2
	}
	return ud.String(), erTekst(ud.String())
}

// MarshalCloudEvent gives a besked as a CloudEvent 1.0 in JSON, of [TypeCloudEvent]; see [CloudEventAttribut] for the
// attributes. JSON content is data, all other content data_base64.
//
// The error is an [*mox.Error]: [mox.KodeUgyldig] for a besked without beskedID or beskedtype, or with a text that is not
// UTF-8 or holds NUL; [mox.KodeForStor] over [MaksBeskedBytes].
func MarshalCloudEvent(b *mox.Besked) ([]byte, error) {
	const op = "oio.MarshalCloudEvent"
	attr, err := attributter(op, b)
	if err != nil {
		return nil, err
	}
	s := skriver{b: make([]byte, 0, 1024+len(b.Indhold))}
	s.aabn('{')
	for _, a := range attr {
		s.navn(a.navn)
		s.tekst(nil, a.vaerdi)
	}
	s.felt(nil, ceIndhType, ceKodet(b.Indholdstype, ""))
	s.cloudData(b)
	s.luk('}')
	return s.faerdig(op, MaksBeskedBytes)
}

func (s *skriver) cloudData(b *mox.Besked) {
	switch {
	case len(b.Indhold) == 0:
	case erJSON(b.Indholdstype) && kanLaeses(b.Indhold):
		s.navn(ceData)
		s.b = append(s.b, kompakt(b.Indhold)...)
	default:
		s.navn(ceDataB64)
		s.b = append(s.b, '"')
		s.b = base64.StdEncoding.AppendEncode(s.b, b.Indhold)
		s.b = append(s.b, '"')
	}
}

// kanLaeses reports whether content is JSON that this package reads, and not null, which is no content.
func kanLaeses(b []byte) bool {
	v, fejl := laesJSON(b, MaksDybde, 1)
	return fejl == nil && v.slags != ingen
}

// UnmarshalCloudEvent reads a CloudEvent 1.0 in JSON, of ours or another's. Attributes that are not ours are read over.
// What may be left out is filled in (see [mox.Besked.MedStandard]); what a besked must say is for [mox.Besked.Valider].
//
// The error is an [*mox.Error] with [mox.KodeUgyldig] and a Feltfejl for each fault, or [mox.KodeForStor] over
// [MaksBeskedBytes].
func UnmarshalCloudEvent(raa []byte) (mox.Besked, error) {
	const op = "oio.UnmarshalCloudEvent"
	v, err := laesTop(op, raa, MaksBeskedBytes, MaksDybde+1, 1)
	if err != nil {
		return mox.Besked{}, err
	}
	var l laesning
	attr := map[string]string{}
	for i := range v.medlem {
		m := &v.medlem[i]
		her := (*sti)(nil).under(vist(m.navn))
		switch {
		case m.navn == ceData || m.navn == ceDataB64 || m.slags == ingen:
		case m.slags == objekt || m.slags == liste:
			l.afvis(&her, "type", "", "en attribut er ikke %s", m.slags)
		default:
			attr[m.navn] = m.tekst
		}
	}
	b := l.cloudEvent(attr)
	if t, ok := attr[ceIndhType]; ok {
		b.Indholdstype, _ = l.ceVaerdi(ceIndhType, t)
	}
	l.cloudData(&b, &v, raa)
	if len(l.fejl) > 0 {
		return mox.Besked{}, ugyldig(op, "CloudEvent'et kan ikke læses", l.fejl)
	}
	return b.MedStandard(), nil
}

func (l *laesning) cloudData(b *mox.Besked, v *vaerdi, kilde []byte) {
	data, kodet := v.find(ceData), v.find(ceDataB64)
	her := (*sti)(nil).under(ceData)
	switch {
	case kodet != nil && kodet.slags != ingen && data != nil && data.slags != ingen:
		l.afvis(&her, "antal", "", "der er både data og data_base64")
	case kodet != nil && kodet.slags != ingen:
		her := (*sti)(nil).under(ceDataB64)
		raa, err := base64.StdEncoding.DecodeString(l.tekst(&her, kodet))
		if err != nil {
			l.afvis(&her, "base64", "", "er ikke base64")
		}
		b.Indhold = raa
	case data == nil || data.slags == ingen:
	case b.Indholdstype != "" && !erJSON(b.Indholdstype):
		b.Indhold = []byte(l.tekst(&her, data)) // such data is a JSON string that holds the text
	default:
		if b.Indholdstype == "" {
			b.Indholdstype = TypeJSON
		}
		b.Indhold = kompakt(kilde[data.fra:data.til])
	}
}

// cloudEvent reads the attributes.
func (l *laesning) cloudEvent(attr map[string]string) (b mox.Besked) {
	spec := (*sti)(nil).under(ceSpec)
	if attr[ceSpec] != ceVersion {
		l.afvis(&spec, "version", "", "skal være %s", ceVersion)
	}
	for _, f := range mox.Beskedfelter() {
		navn := CloudEventAttribut(f.Navn)
		if egen := strings.ToLower(f.Navn); egen != navn {
			if _, ok := attr[egen]; ok {
				her := (*sti)(nil).under(egen)
				l.afvis(&her, "navn", "", "skriv det i %s", navn)
			}
		}
		kodet, ok := attr[navn]
		if !ok {
			continue
		}
		her := (*sti)(nil).under(navn)
		if v, ok := l.ceFelt(&f, navn, kodet); ok {
			l.saet(&her, &f, &b, v)
		}
	}
	if r, ok := attr[navnRelateret]; ok {
		b.Relateret = l.ceRelateret(r)
	}
	return b
}

func (l *laesning) ceFelt(f *mox.Beskedfelt, navn, kodet string) (v []string, ok bool) {
	switch {
	case f.Flere:
		for x := range strings.SplitSeq(kodet, ",") {
			t, ok := l.ceVaerdi(navn, x)
			if !ok {
				return nil, false
			}
			v = append(v, t)
		}
		return v, true
	case f.Navn == "kildesystem":
		var fra bool
		if kodet, fra = strings.CutPrefix(kodet, ceSystem); !fra {
			return nil, false // another's way to name itself
		}
	}
	t, ok := l.ceVaerdi(navn, kodet)
	if f.Navn == "beskedtype" {
		t = strings.TrimPrefix(t, ceType)
	}
	return []string{t}, ok
}

func (l *laesning) ceVaerdi(navn, kodet string) (string, bool) {
	v, ok := ceAfkodet(kodet)
	if !ok {
		her := (*sti)(nil).under(navn)
		l.afvis(&her, "tekst", "", "er ikke gyldig tekst (UTF-8 uden NUL)")
	}
	return v, ok
}

func (l *laesning) ceRelateret(kodet string) (ud []mox.Relateret) {
	s := (*sti)(nil).under(navnRelateret)
	for i, x := range strings.Split(kodet, ",") {
		her := s.post(i)
		dele := strings.Split(x, ";")
		if len(dele) != 3 {
			l.afvis(&her, "form", "mox 13", "skal være rolle;objektID;objekttype")
			continue
		}
		for i, d := range dele {
			dele[i], _ = l.ceVaerdi(navnRelateret, d)
		}
		ud = append(ud, mox.Relateret{Rolle: dele[0], ID: unikID(dele[1]), ObjektType: dele[2]})
	}
	return ud
}

// CloudEventHeaders gives a besked as a CloudEvent in HTTP's binary mode: headers by lower-case name, and the content as the
// body, unchanged. Values are percent-encoded as the HTTP binding says; content-type, which is HTTP's own, only where it
// has signs that no header can hold.
//
// The error is that of [MarshalCloudEvent].
func CloudEventHeaders(b *mox.Besked) (hoveder map[string]string, krop []byte, err error) {
	attr, err := attributter("oio.CloudEventHeaders", b)
	if err != nil {
		return nil, nil, err
	}
	hoveder = map[string]string{}
	for _, a := range attr {
		hoveder[ceHoved+a.navn] = procentkodet(a.vaerdi, func(_ int, r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '%' })
	}
	if t := b.Indholdstype; t != "" {
		hoveder[ceIndhold] = procentkodet(t, func(i int, r rune) bool {
			return r < ' ' || r > '~' || r == ' ' && (i == 0 || i == len(t)-1) || r == '%' && erProcent(t[i:])
		})
	}
	return hoveder, b.Indhold, nil
}

// ErCloudEventHeaders reports whether headers are those of a CloudEvent in binary mode.
func ErCloudEventHeaders(hoveder map[string]string) bool {
	for navn := range hoveder {
		if strings.EqualFold(navn, ceHoved+ceSpec) {
			return true
		}
	}
	return false
}

// FraCloudEventHeaders reads what [CloudEventHeaders] gives, of ours or another's; the body is not copied. The case of the
// names says nothing, and other headers are read over. The error is that of [UnmarshalCloudEvent].
func FraCloudEventHeaders(hoveder map[string]string, krop []byte) (mox.Besked, error) {
	var l laesning
	attr := map[string]string{}
	indholdstype := ""
	for navn, v := range hoveder {
		navn = strings.ToLower(navn)
		if navn == ceIndhold {
			indholdstype, _ = l.ceVaerdi(ceIndhold, v)
		}
		if kort, ok := strings.CutPrefix(navn, ceHoved); ok {
			if v, ok := l.ceVaerdi(navn, citat(v)); ok {
				attr[kort] = v
			}
		}
	}
	b := l.cloudEvent(attr)
	b.Indholdstype, b.Indhold = indholdstype, krop
	if len(l.fejl) > 0 {
		slices.SortFunc(l.fejl, func(x, y mox.Feltfejl) int { return strings.Compare(x.Sti, y.Sti) })
		return mox.Besked{}, ugyldig("oio.FraCloudEventHeaders", "CloudEvent'ets headers kan ikke læses", l.fejl)
	}
	return b.MedStandard(), nil
}

// citat is a header's value without the quotation marks that the binding lets a sender put around it.
func citat(v string) string {
	if len(v) < 2 || v[0] != '"' || v[len(v)-1] != '"' {
		return v
	}
	var ud strings.Builder
	for i := 1; i < len(v)-1; i++ {
		if v[i] == '\\' && i+1 < len(v)-1 {
			i++
		}
		ud.WriteByte(v[i])
	}
	return ud.String()
}

// MarshalCloudEvents gives a batch, of [TypeCloudEventBatch]. The error is that of [MarshalCloudEvent].
func MarshalCloudEvents(beskeder []mox.Besked) ([]byte, error) {
	var ud bytes.Buffer
	ud.WriteByte('[')
	for i := range beskeder {
		b, err := MarshalCloudEvent(&beskeder[i])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			ud.WriteByte(',')
		}
		ud.Write(b)
	}
	ud.WriteByte(']')
	return ud.Bytes(), nil
}

// DelBatch cuts a JSON list of at most [MaksBatch] into its entries, each to be read by itself, so that one that is wrong
// does not take the others with it. The error is an [*mox.Error]: [mox.KodeUgyldig] for what is not a JSON list,
// [mox.KodeForStor] for one that is too long.
func DelBatch(raa []byte) ([][]byte, error) {
	const op = "oio.DelBatch"
	d := json.NewDecoder(bytes.NewReader(raa))
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, mox.E(op, mox.KodeUgyldig, "skal være en JSON-liste af beskeder")
	}
	var ud [][]byte
	for d.More() {
		var r json.RawMessage
		if err := d.Decode(&r); err != nil {
			return nil, mox.E(op, mox.KodeUgyldig, "besked nr. %d i listen er ikke JSON", len(ud))
		}
		if ud = append(ud, r); len(ud) > MaksBatch {
			return nil, mox.E(op, mox.KodeForStor, "listen har over %d beskeder", MaksBatch).Med("del den i flere kald")
		}
	}
	_, err := d.Token()
	if err != nil || len(bytes.TrimSpace(raa[d.InputOffset():])) > 0 {
		return nil, mox.E(op, mox.KodeUgyldig, "listen slutter ikke, hvor den skal")
	}
	return ud, nil
}
