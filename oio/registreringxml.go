package oio

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/moxkit/mox"
)

// Namespaces of a registrering beside that of its type's schema.
const (
	rumGenerelt       = "urn:oio:sts:generelledefinitioner:1.2.4.0"
	rumOrgfaelles     = "http://stoettesystemerne.dk/organisation/6/"
	rumRegistreringen = "urn:mox:registrering:1.0"
)

// What a registrering has and its schema no element for stands as elements Vaerdi of ours among the LokalUdvidelser of its
// attributes; where the schema has no such place, as processing instructions: <?mox sti base64?>.
const (
	navnVaerdi = "Vaerdi"
	attrSti    = "sti"
	instruks   = "mox"
)

const (
	maksXMLNote   = 1024 // characters of NoteTekst in the schemas
	maksVariantnv = 20   // of a variant's name
	urnTom        = "URN:Empty"
)

// HarXML reports whether registreringer of the type have a form in XML: those that the STS schemas describe.
func HarXML(t mox.ObjektType) bool {
	type_, ok := mox.TypeAf(t)
	return ok && type_.Skema != ""
}

// MarshalRegistreringXML gives the RegistreringBesked in XML, in the order of the type's STS schema: 1.2.4.0 for Sag and
// Dokument, 6 for Klassifikation and Organisation. Roles are UUIDs from k's list rolle, otherwise URNs of ours.
//
// The schemas have no code Rettet: the element is left out, and read back as Rettet. Nothing else is lost: see
// [UnmarshalRegistreringXML] and docs/specifikation. The text is UTF-8 without an XML declaration, so that it can stand in an
// envelope. The same registrering always gives the same bytes.
//
// The error is an [*mox.Error]: as of [MarshalRegistrering], [mox.KodeUgyldig] for a type without a schema, and
// [mox.KodeForStor] over [MaksXMLElementer]. spec: oio 98
func MarshalRegistreringXML(t mox.ObjektType, id mox.ObjektID, r mox.Registrering, k Koder) ([]byte, error) {
	const op = "oio.MarshalRegistreringXML"
	s, err := nyXMLskriver(op, t, k)
	if err != nil {
		return nil, err
	}
	s.aabn("o:RegistreringBesked", s.navnerum())
	if s.objektID() {
		s.omgivet("o:ObjektID", func() { s.enkelt("sd:UUIDIdentifikator", string(id)) })
	} else {
		s.enkelt("sd:UUIDIdentifikator", string(id))
	}
	s.registrering(&r)
	s.luk("o:RegistreringBesked")
	return s.faerdig(op, MaksBytes)
}

// elementer is how many elements the text has, or a few more where strangers' have comments: no other sign is a <.
func elementer(b []byte) int {
	return bytes.Count(b, []byte("<")) - bytes.Count(b, []byte("</")) - bytes.Count(b, []byte("<?"))
}

// xmlskriver writes a registrering along the table of its type.
type xmlskriver struct {
	ud    bytes.Buffer
	koder Koder
	t     *mox.Type
	sts   bool      // generation 1.2.4.0; otherwise 6
	uden  []tillaeg // what the elements do not tell, by its place
	prov  *skriver  // writes JSON, and collects what is wrong
}

func nyXMLskriver(op string, t mox.ObjektType, k Koder) (*xmlskriver, error) {
	type_, err := typeAf(op, t)
	if err != nil {
		return nil, err
	}
	if type_.Skema == "" {
		return nil, mox.E(op, mox.KodeUgyldig, "typen %s har ingen form i XML", t).Med("brug JSON; de fællesoffentlige skemaer beskriver ikke typen")
	}
	return &xmlskriver{koder: k, t: type_, sts: strings.HasPrefix(type_.Skema, "urn:oio:sts:"), prov: &skriver{}}, nil
}

func (s *xmlskriver) faerdig(op string, maks int) ([]byte, error) {
	if len(s.prov.fejl) > 0 {
		return nil, ugyldig(op, "kan ikke skrives", s.prov.fejl)
	}
	if s.ud.Len() > maks {
		return nil, forStor(op, s.ud.Len(), maks)
	}
	if n := elementer(s.ud.Bytes()); n > MaksXMLElementer {
		return nil, mox.E(op, mox.KodeForStor, "registreringen har %d elementer i XML; højst %d", n, MaksXMLElementer).Med("brug JSON")
	}
	return s.ud.Bytes(), nil
}

// navnerum are the declarations of the prefixes in use.
func (s *xmlskriver) navnerum() string {
	ud := ` xmlns:o="` + s.t.Skema + `" xmlns:sd="` + rumSagdok + `" xmlns:mox="` + rumRegistreringen + `"`
	if s.sts {
		return ud + ` xmlns:gd="` + rumGenerelt + `"`
	}
	return ud + ` xmlns:of="` + rumOrgfaelles + `"`
}

// objektID reports whether the type's RegistreringBesked has the id in an element ObjektID of its own.
func (s *xmlskriver) objektID() bool {
	return s.t.Navn == mox.Organisation || s.t.Navn == mox.OrganisationEnhed
}

// udvides reports whether the schema has places for what it does not know.
func (s *xmlskriver) udvides() bool { return s.sts || s.t.Service == "organisation" }

func (s *xmlskriver) aabn(navn, attr string) { s.ud.WriteString("<" + navn + attr + ">") }
func (s *xmlskriver) luk(navn string)        { s.ud.WriteString("</" + navn + ">") }

func (s *xmlskriver) enkelt(navn, tekst string) {
	s.aabn(navn, "")
	s.ud.WriteString(xmlTekst.Replace(tekst))
	s.luk(navn)
}

func (s *xmlskriver) omgivet(navn string, f func()) {
	s.aabn(navn, "")
	f()
	s.luk(navn)
}

// sted is a place that is written out already.
func sted(s string) *sti { return &sti{navn: s} }

// til writes into a text of its own.
func (s *xmlskriver) til(f func()) []byte {
	ydre := s.ud
	s.ud = bytes.Buffer{}
	f()
	ud := s.ud.Bytes()
	s.ud = ydre
	return ud
}

// medUden notes a value that no element tells.
func (s *xmlskriver) medUden(sti, v string) { s.uden = append(s.uden, tillaeg{sti, v}) }

// tekst writes an element if the schema can take the text, and notes it otherwise. An empty text is nothing.
func (s *xmlskriver) tekst(navn, sti, v string, maks int) {
	switch {
	case v == "":
	case !erXMLTekst(v) || maks > 0 && utf8.RuneCountInString(v) > maks:
		s.medUden(sti, v)
	default:
		s.enkelt(navn, v)
	}
}

func (s *xmlskriver) registrering(r *mox.Registrering) {
	hoved := s.til(func() { s.hoved(r) })
	lister := s.til(func() { s.lister(r) })
	egenskaber := s.til(func() { s.attributter(r) })
	s.udenPlads(r.LokalUdvidelser)
	s.omgivet("o:Registrering", func() {
		s.ud.Write(hoved)
		s.omgivet("o:AttributListe", func() {
			s.ud.Write(egenskaber)
			s.tillaeg(r.LokalUdvidelser["attributter"])
		})
		s.ud.Write(lister)
	})
}

// udenPlads notes what others have in lists that the schema has no LokalUdvidelse for.
func (s *xmlskriver) udenPlads(l map[string]string) {
	s.kendte("lokaludvidelser", mox.Udvidelseslister(), slices.Collect(maps.Keys(l)))
	for _, liste := range mox.Udvidelseslister() {
		if _, err := stumper(l[liste]); err != nil {
			s.prov.afvis(sted("lokaludvidelser."+liste), "xml", err.Error())
		} else if l[liste] != "" && !s.harPlads(liste) {
			s.medUden("lokaludvidelser."+liste, l[liste])
		}
	}
}

func (s *xmlskriver) harPlads(liste string) bool {
	return s.udvides() && (liste != "varianter" || s.t.Varianter)
}

func (s *xmlskriver) hoved(r *mox.Registrering) {
	s.tekst("sd:NoteTekst", "note", r.NoteTekst, maksXMLNote)
	if !r.FraTidspunkt.IsZero() {
		s.enkelt("sd:Tidspunkt", mox.Kl(r.FraTidspunkt).String())
	}
	if r.LivscyklusKode != mox.Rettet {
		s.tekst("sd:LivscyklusKode", "livscykluskode", string(r.LivscyklusKode), 0)
	}
	s.unikID("sd:BrugerRef", "brugerref", r.BrugerRef)
}

// tillaeg writes what the elements do not tell, and what others have in the LokalUdvidelse of the attributes.
func (s *xmlskriver) tillaeg(fremmede string) {
	if !s.udvides() {
		for _, t := range s.uden {
			s.ud.WriteString("<?" + instruks + " " + t.navn + " " + base64.StdEncoding.EncodeToString([]byte(t.vaerdi)) + "?>")
		}
		return
	}
	s.udvidelse("attributter", fremmede, func() {
		for _, t := range s.uden {
			attr, v := ` `+attrSti+`="`+xmlAttr.Replace(t.navn)+`"`, t.vaerdi
			if !erXMLTekst(v) {
				attr, v = attr+` `+attrKodning+`="base64"`, base64.StdEncoding.EncodeToString([]byte(v))
			}
			s.aabn("mox:"+navnVaerdi, attr)
			s.ud.WriteString(xmlTekst.Replace(v))
			s.luk("mox:" + navnVaerdi)
		}
	})
}

// udvidelse writes the place for what the schema does not know, when there is any.
func (s *xmlskriver) udvidelse(liste, fremmede string, egne func()) {
	navn := "sd:LokalUdvidelse"
	if s.sts {
		navn = "gd:LokalUdvidelseListe"
	}
	indhold := s.til(func() { egne(); s.ud.WriteString(fremmede) })
	if s.harPlads(liste) && len(indhold) > 0 {
		s.omgivet(navn, func() { s.ud.Write(indhold) })
	}
}

func (s *xmlskriver) lister(r *mox.Registrering) {
	s.omgivet("o:TilstandListe", func() {
		s.kendte("tilstande", tilstandsnavne(s.t), ikkeTomme(r.Tilstande))
		for i := range s.t.Tilstande {
			s.tilstand(&s.t.Tilstande[i], r.Tilstande[s.t.Tilstande[i].Navn])
		}
		s.udvidelse("tilstande", r.LokalUdvidelser["tilstande"], func() {})
	})
	s.omgivet("o:RelationListe", func() { s.relationer(r) })
	if s.t.Varianter {
		s.omgivet("o:VariantListe", func() {
			for i := range r.Varianter {
				s.variant("varianter["+strconv.Itoa(i)+"]", &r.Varianter[i])
			}
			s.udvidelse("varianter", r.LokalUdvidelser["varianter"], func() {})
		})
	} else if len(r.Varianter) > 0 {
		s.prov.afvis(sted("varianter"), "ukendt", string(s.t.Navn)+" har ikke varianter")
	}
}

// kendte refuses the names that the table does not have.
func (s *xmlskriver) kendte(gruppe string, kendte, navne []string) {
	s.prov.ukendte(sted(gruppe), kendte, navne)
}

func tilstandsnavne(t *mox.Type) (ud []string) {
	for i := range t.Tilstande {
		ud = append(ud, t.Tilstande[i].Navn)
	}
	return ud
}

// praefikset gives a name of the table its prefix, where it has none.
func (s *xmlskriver) praefikset(navn string) string {
	switch {
	case strings.Contains(navn, ":"):
		return navn
	case s.sts:
		return "o:" + navn
	}
	return "sd:" + navn
}

func (s *xmlskriver) attributter(r *mox.Registrering) {
	saet := s.t.Egenskaber()
	s.kendte("attributter", []string{saet.Navn}, ikkeTomme(r.Attributter))
	for i := range r.Attributter[saet.Navn] {
		s.egenskab("o:"+saet.XML, fmt.Sprintf("attributter.%s[%d]", saet.Navn, i), saet.Felter, &r.Attributter[saet.Navn][i])
	}
}

func (s *xmlskriver) egenskab(navn, sti string, felter []mox.Felt, a *mox.Attribut) {
	s.omgivet(navn, func() {
		s.virkning(s.praefikset("Virkning"), sti, &a.Virkning)
		s.felter(sti, felter, a.Felter)
	})
}

// felter writes the values of fields; their names are checked as in JSON.
func (s *xmlskriver) felter(sti string, felter []mox.Felt, v map[string]string) {
	navne := make([]string, len(felter))
	for i := range felter {
		navne[i] = felter[i].Navn
	}
	s.kendte(sti, navne, slices.Collect(maps.Keys(v)))
	s.feltgruppe(sti, felter, 0, v)
}

// feltgruppe writes fields that share the first dybde parts of their path. Those that go on with the same part stand
// together in the table and become one element.
func (s *xmlskriver) feltgruppe(sti string, felter []mox.Felt, dybde int, v map[string]string) {
	for i := 0; i < len(felter); i++ {
		f := &felter[i]
		led := strings.Split(f.XML, "/")
		if len(led) <= dybde+1 {
			s.felt(sti, f, led[len(led)-1], v)
			continue
		}
		til := i + 1
		for til < len(felter) && slices.Equal(foerste(felter[til].XML, dybde+1), led[:dybde+1]) {
			til++
		}
		if indhold := s.til(func() { s.feltgruppe(sti, felter[i:til], dybde+1, v) }); len(indhold) > 0 {
			s.omgivet(s.praefikset(led[dybde]), func() {
				if strings.HasSuffix(led[dybde], "OffentlighedUndtaget") { // both must be there
					indhold = beggeUndtaget(indhold)
				}
				s.ud.Write(indhold)
			})
		}
		i = til - 1
	}
}

func foerste(sti string, n int) []string {
	led := strings.Split(sti, "/")
	return led[:min(n, len(led))]
}

// beggeUndtaget adds the one of OffentlighedUndtaget's elements that is not there, empty: an empty element is no value.
func beggeUndtaget(indhold []byte) []byte {
	const titel, hjemmel = "<sd:TitelAlternativTekst>", "<sd:OffentlighedUndtagetHjemmelTekst>"
	switch {
	case !bytes.Contains(indhold, []byte(titel)):
		return append([]byte(titel+"</"+titel[1:]), indhold...)
	case !bytes.Contains(indhold, []byte(hjemmel)):
		return append(indhold, hjemmel+"</"+hjemmel[1:]...)
	}
	return indhold
}

func (s *xmlskriver) felt(sti string, f *mox.Felt, element string, v map[string]string) {
	x, ok := v[f.Navn]
	if !ok || f.Navn == feltJournalkode {
		return
	}
	s.prov.feltvaerdi(sted(sti), f, x) // refuses what is not of its kind
	s.prov.b = s.prov.b[:0]
	switch {
	case f.XML == "" || !kanSkrives(f, x):
		s.medUden(sti+"."+f.Navn, x)
	case f.Slags == mox.Liste:
		s.liste(f, s.praefikset(element), x)
	case f.Base64:
		s.enkelt(s.praefikset(element), base64.StdEncoding.EncodeToString(somBytes(x)))
	default:
		s.enkelt(s.praefikset(element), x)
	}
}

// kanSkrives reports whether the schema takes a value of the field.
func kanSkrives(f *mox.Felt, v string) bool {
	switch {
	case v == "":
		return false
	case f.Base64: // what begins as bytes do, and is none, would come back otherwise
		return somTekst(somBytes(v)) == v
	case f.Slags == mox.Liste:
		poster, ok := listeposter(f, v)
		for _, p := range poster {
			for i, x := range p {
				ok = ok && x != "" && taalerSkemaet(listefelt(f, i), x)
			}
		}
		return ok
	}
	return taalerSkemaet(f, v)
}

// taalerSkemaet reports whether the schema's element can hold the text.
func taalerSkemaet(f *mox.Felt, v string) bool {
	maks := f.Maks
	if f.XMLMaks > 0 {
		maks = f.XMLMaks
	}
	if !erXMLTekst(v) || maks > 0 && utf8.RuneCountInString(v) > maks {
		return false
	}
	if f.XMLForm == "" {
		return true
	}
	ok, err := regexp.MatchString("^(?:"+f.XMLForm+")$", v)
	return ok && err == nil
}

// listefelt is the description of field nr of an entry; of a list of texts the list's own.
func listefelt(f *mox.Felt, nr int) *mox.Felt {
	if f.Under == nil {
		return f
	}
	return &f.Under[nr]
}

// listeposter are the entries of a list: the values of each, by the field's number; of a text number 0. ok is false where
// they would not be written the same way again.
func listeposter(f *mox.Felt, v string) (ud []map[int]string, ok bool) {
	var raa []json.RawMessage
	if json.Unmarshal([]byte(v), &raa) != nil || len(raa) == 0 {
		return nil, false
	}
	for _, post := range raa {
		felter := map[int]string{}
		var tekst string
		var obj map[string]string
		switch {
		case f.Under == nil && json.Unmarshal(post, &tekst) == nil:
			felter[0] = tekst
		case f.Under != nil && json.Unmarshal(post, &obj) == nil:
			for i := range f.Under {
				if x, ok := obj[f.Under[i].Navn]; ok {
					felter[i] = x
				}
			}
		default:
			return nil, false
		}
		ud = append(ud, felter)
	}
	return ud, listetekst(f, ud) == v
}

// listetekst is the canonical text of a list.
func listetekst(f *mox.Felt, poster []map[int]string) string {
	var s skriver
	s.aabn('[')
	for _, p := range poster {
		if f.Under == nil {
			s.tekst(nil, p[0])
			continue
		}
		s.aabn('{')
		for i := range f.Under {
			s.felt(nil, f.Under[i].Navn, p[i])
		}
		s.luk('}')
	}
	s.luk(']')
	return string(s.b)
}

func (s *xmlskriver) liste(f *mox.Felt, element, v string) {
	poster, _ := listeposter(f, v)
	for _, p := range poster {
		if f.Under == nil {
			s.enkelt(element, p[0])
			continue
		}
		s.omgivet(element, func() {
			for i := range f.Under {
				if x := p[i]; x != "" {
					s.enkelt(s.praefikset(f.Under[i].XML), x)
				}
			}
		})
	}
}

func (s *xmlskriver) virkning(navn, sti string, v *mox.Virkning) {
	if !v.Fra.Angivet() || !v.Til.Angivet() {
		s.prov.afvis(sted(sti+".virkning"), "kraevet", "virkning skal have både fra og til")
	}
	s.omgivet(navn, func() {
		s.tidspunkt("sd:FraTidspunkt", v.Fra)
		s.tidspunkt("sd:TilTidspunkt", v.Til)
		s.unikID("sd:AktoerRef", sti+".virkning.aktoerref", v.AktoerRef)
		if slices.Contains(mox.AktoerTyper(), v.AktoerTypeKode) {
			s.enkelt("sd:AktoerTypeKode", v.AktoerTypeKode)
		} else if v.AktoerTypeKode != "" {
			s.medUden(sti+".virkning.aktoertypekode", v.AktoerTypeKode)
		}
		s.tekst("sd:NoteTekst", sti+".virkning.notetekst", v.NoteTekst, maksXMLNote)
	})
}

func (s *xmlskriver) tidspunkt(navn string, t mox.Tidspunkt) {
	s.omgivet(navn, func() {
		if tid, bundet := t.Tid(); bundet {
			s.enkelt("sd:TidsstempelDatoTid", tid.Format(time.RFC3339Nano))
		} else {
			s.enkelt("sd:GraenseIndikator", "true")
		}
	})
}

// unikID writes a reference; one to nothing is nothing.
func (s *xmlskriver) unikID(navn, sti string, r mox.Reference) {
	switch {
	case r.UUID != "" && r.URN != "":
		s.prov.afvis(sted(sti), "reference", "må ikke være både UUID og URN")
	case r.Tom():
	case r.UUID == "" && (!erXMLTekst(r.URN) || strings.TrimSpace(r.URN) != r.URN):
		s.medUden(sti, r.URN)
	default:
		s.omgivet(navn, func() { s.id(r.String()) })
	}
}

func (s *xmlskriver) id(v string) {
	if mox.ErUUID(v) {
		s.enkelt("sd:UUIDIdentifikator", v)
		return
	}
	s.enkelt("sd:URNIdentifikator", v)
}

func (s *xmlskriver) tilstand(tv *mox.TilstandVar, l []mox.Tilstand) {
	ydre, indre, _ := strings.Cut(tv.XML, "/")
	for i := range l {
		sti := fmt.Sprintf("tilstande.%s[%d]", tv.Navn, i)
		s.omgivet(s.praefikset(ydre), func() {
			s.virkning(s.praefikset("Virkning"), sti, &l[i].Virkning)
			v := l[i].Vaerdi
			if indre == publiceretElement {
				v = map[string]string{"Publiceret": "true", "IkkePubliceret": "false"}[v]
			}
			if !slices.Contains(tv.Vaerdi, l[i].Vaerdi) {
				s.prov.afvis(sted(sti+"."+tv.Felt), "kodeliste", fmt.Sprintf("er ikke en af %v", tv.Vaerdi))
			}
			s.enkelt(s.praefikset(indre), v)
		})
	}
}

const publiceretElement = "ErPubliceretIndikator"

func (s *xmlskriver) variant(over string, v *mox.Variant) {
	s.omgivet("o:Variant", func() {
		s.tekst("o:Variant", over+".varianttekst", v.VariantTekst, maksVariantnv)
		for i := range v.Egenskaber {
			s.egenskab("o:Egenskaber", over+".egenskaber["+strconv.Itoa(i)+"]", s.t.Variant, &v.Egenskaber[i])
		}
	})
	for j := range v.Dele {
		her := over + ".dele[" + strconv.Itoa(j) + "]"
		s.somJSON(her, func(p *skriver, sted *sti) { p.del(sted, s.t, &v.Dele[j]) })
	}
}

// somJSON notes something that has no element, in the JSON it has.
func (s *xmlskriver) somJSON(her string, skriv func(p *skriver, her *sti)) {
	p := skriver{}
	p.aabn('{')
	skriv(&p, sted(her))
	p.luk('}')
	s.prov.fejl = append(s.prov.fejl, p.fejl...)
	s.medUden(her, string(p.b))
}
