package oio

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"mime"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
)

// Content types of XML.
const (
	TypeXML = "application/xml"

	// TypeKuvert is the content type of a besked whose content is the whole envelope it came in, byte for byte: it holds
	// more than a besked has fields for.
	TypeKuvert = "application/xml; profile=haendelsesbesked"
)

// Names in our namespace beside those of the metadata fields.
const (
	navnIndholdFoer  = "indholdFoer"  // what stands before the root element of XML content
	navnIndholdEfter = "indholdEfter" // and after it
	attrKodning      = "kodning"
)

// ErKuvert reports whether content of this type is an envelope; see [TypeKuvert].
func ErKuvert(indholdstype string) bool {
	t, par, err := mime.ParseMediaType(indholdstype)
	return err == nil && t == TypeXML && par["profile"] == "haendelsesbesked"
}

// MarshalKuvert gives the national envelope: the XML document Haendelsesbesked. What it has an element for stands there;
// all else stands in ObjektRegistreringLokalUdvidelse, in the namespace urn:mox:besked:1.0, each field under its own name.
// XML content that means the same wherever it stands is the only element in Beskeddata; other content is an element
// indhold of ours there, as text or in base64. A besked of [TypeKuvert] is its content, unchanged.
//
// The error is an [*mox.Error]: [mox.KodeUgyldig] for a besked without beskedID, beskedversion or beskedtype, or with a
// text that is not UTF-8 or holds NUL; [mox.KodeForStor] over [MaksBeskedBytes]. spec: mox 7, 9
func MarshalKuvert(b *mox.Besked, k Koder) ([]byte, error) {
	const op = "oio.MarshalKuvert"
	if ErKuvert(b.Indholdstype) {
		if _, err := laesKuvert(op, b.Indhold); err != nil {
			return nil, err
		}
		return slices.Clone(b.Indhold), nil
	}
	if err := kanKuverteres(op, b); err != nil {
		return nil, err
	}
	s := kuvertskriver{koder: k, b: b, vaerdi: k.elementer(b)}
	s.find()
	s.ud.WriteString(xml.Header)
	s.led(kuvertform, "", ` xmlns:besked="`+rumKuvert+`" xmlns:sd="`+rumSagdok+`" xmlns:mox="`+rumMox+`"`)
	s.ud.WriteByte('\n')
	if s.ud.Len() > MaksBeskedBytes {
		return nil, forStor(op, s.ud.Len(), MaksBeskedBytes)
	}
	return s.ud.Bytes(), nil
}

// kanKuverteres refuses what the envelope demands and b lacks, and text that no form can carry.
func kanKuverteres(op string, b *mox.Besked) error {
	var l laesning
	kraev := func(ok bool, felt, regel, spec, tekst string) {
		if !ok {
			her := (*sti)(nil).under(felt)
			l.afvis(&her, regel, spec, "%s", tekst)
		}
	}
	kraev(mox.ErUUID(string(b.ID)) || mox.ErURN(string(b.ID)) && erXMLTekst(string(b.ID)), "beskedID", "unikid", "mox 8", "er hverken en UUID eller en URN")
	kraev(b.Version != "" && erXMLTekst(b.Version), "beskedversion", "kraevet", "mox 2", "mangler")
	kraev(b.Type != "", "beskedtype", "kraevet", "mox 3", "mangler")
	for _, f := range mox.Beskedfelter() {
		for _, v := range f.Hent(b) {
			kraev(erTekst(v), f.Navn, "tekst", "", "er ikke gyldig tekst (UTF-8 uden NUL)")
		}
	}
	for _, r := range b.Relateret {
		kraev(erTekst(r.Rolle) && erTekst(r.ID) && erTekst(r.ObjektType), navnRelateret, "tekst", "", "er ikke gyldig tekst (UTF-8 uden NUL)")
	}
	kraev(erTekst(b.Indholdstype), navnIndholdstype, "tekst", "", "er ikke gyldig tekst (UTF-8 uden NUL)")
	return ugyldig(op, "beskeden kan ikke skrives som kuvert", l.fejl)
}

// kuvertskriver writes an envelope along its schema.
type kuvertskriver struct {
	ud     bytes.Buffer
	koder  Koder
	b      *mox.Besked
	vaerdi map[string][]string // of the envelope's own elements, by path
	uden   []tillaeg           // what they do not tell
	rod    []byte              // the content, where it can stand as XML
}

func (s *kuvertskriver) aabn(navn, attr string) { s.ud.WriteString("<" + navn + attr + ">") }
func (s *kuvertskriver) luk(navn string)        { s.ud.WriteString("</" + navn + ">") }

// enkelt writes an element with text.
func (s *kuvertskriver) enkelt(navn, attr, tekst string) {
	s.aabn(navn, attr)
	s.ud.WriteString(xmlTekst.Replace(tekst))
	s.luk(navn)
}

// xmlTekst escapes the text of an element, xmlAttr the value of an attribute, so that a reader gets the same back.
//
//arch:fixed a Replacer is never changed, and any number of goroutines may use it
var (
	xmlTekst = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "\r", "&#xD;")
	xmlAttr  = strings.NewReplacer("&", "&amp;", "<", "&lt;", `"`, "&quot;", "\r", "&#xD;", "\n", "&#xA;", "\t", "&#x9;")
)

// led writes an element with what it holds; sti is the path above what is inside it.
func (s *kuvertskriver) led(l led, sti, attr string) {
	s.aabn("besked:"+l.navn, attr)
	for i := range l.dele {
		s.del(l.dele[i], sti+l.dele[i].navn)
	}
	s.luk("besked:" + l.navn)
}

func (s *kuvertskriver) del(l led, sti string) {
	switch {
	case sti == elRelateret:
		s.relateret(l)
	case sti == elUdvidelse:
		s.udvidelse(l)
	case l.navn == "Beskeddata":
		s.beskeddata()
	case l.form == sammensat && (l.mindst > 0 || s.harNoget(sti)):
		s.led(l, sti+"/", "")
	case l.form != sammensat:
		for _, v := range s.vaerdi[sti] {
			s.aabn("besked:"+l.navn, "")
			s.vaerdien(l.form, v)
			s.luk("besked:" + l.navn)
		}
	}
}

// harNoget reports whether an optional element has anything inside it.
func (s *kuvertskriver) harNoget(sti string) bool {
	for navn := range s.vaerdi {
		if strings.HasPrefix(navn, sti+"/") {
			return true
		}
	}
	return sti+"/" == iRegistrering && len(s.uden) > 0
}

func (s *kuvertskriver) vaerdien(f form, v string) {
	switch {
	case f == tidspunkt && v == graense:
		s.enkelt("sd:GraenseIndikator", "", "true")
	case f == tidspunkt:
		s.enkelt("sd:TidsstempelDatoTid", "", v)
	case f == streng:
		s.ud.WriteString(xmlTekst.Replace(v))
	case mox.ErUUID(strings.ToLower(v)):
		s.enkelt("sd:UUIDIdentifikator", "", v)
	default:
		s.enkelt("sd:URNIdentifikator", "", v)
	}
}

func (s *kuvertskriver) relateret(l led) {
	for _, r := range s.b.Relateret {
		s.aabn("besked:"+l.navn, "")
		v := []string{s.koder.tilID("objektID", r.ID), s.koder.tilID(KodeObjekttype, r.ObjektType), s.koder.tilID(KodeRolle, r.Rolle)}
		for i, del := range l.dele {
			if del.mindst > 0 || r.Rolle != "" {
				s.aabn("besked:"+del.navn, "")
				s.vaerdien(unikid, v[i])
				s.luk("besked:" + del.navn)
			}
		}
		s.luk("besked:" + l.navn)
	}
}

// tillaeg is an element in our namespace.
type tillaeg struct{ navn, vaerdi string }

// find finds what the envelope's own elements do not tell, by reading them.
func (s *kuvertskriver) find() {
	var l laesning
	laest := s.koder.fraElementer(&l, s.vaerdi)
	for _, f := range mox.Beskedfelter() {
		v := f.Hent(s.b)
		if slices.Equal(v, f.Hent(&laest)) {
			continue
		}
		if len(v) == 0 {
			v = []string{""}
		}
		for _, x := range v {
			s.uden = append(s.uden, tillaeg{f.Navn, x})
		}
	}
	foer, rod, efter := delXML(s.b)
	s.rod = rod
	s.uden = append(append(s.uden, ikkeTomt(navnIndholdFoer, foer)...), ikkeTomt(navnIndholdEfter, efter)...)
	t := s.b.Indholdstype
	if somAttribut := len(rod) == 0 && len(s.b.Indhold) > 0 && erXMLTekst(t); t != "" && !somAttribut && (len(rod) == 0 || t != TypeXML) {
		s.uden = append(s.uden, tillaeg{navnIndholdstype, t})
	}
}

func ikkeTomt(navn string, v []byte) []tillaeg {
	if len(v) == 0 {
		return nil
	}
	return []tillaeg{{navn, string(v)}}
}

func (s *kuvertskriver) udvidelse(l led) {
	if len(s.uden) == 0 {
		return
	}
	s.aabn("besked:"+l.navn, "")
	for _, t := range s.uden {
		s.mox(t.navn, "", t.vaerdi)
	}
	s.luk("besked:" + l.navn)
}

// mox writes an element of ours; text that XML cannot carry, or would make very long, in base64.
func (s *kuvertskriver) mox(navn, attr, v string) {
	if !erXMLTekst(v) || len(xmlTekst.Replace(v)) > 2*len(v) {
		attr, v = attr+` `+attrKodning+`="base64"`, base64.StdEncoding.EncodeToString([]byte(v))
	}
	s.enkelt("mox:"+navn, attr, v)
}

func (s *kuvertskriver) beskeddata() {
	if len(s.b.Indhold) == 0 {
		return
	}
	s.aabn("besked:Beskeddata", "")
	if len(s.rod) > 0 {
		s.ud.Write(s.rod)
	} else {
		attr := ""
		if t := s.b.Indholdstype; t != "" && erXMLTekst(t) {
			attr = ` ` + navnIndholdstype + `="` + xmlAttr.Replace(t) + `"`
		}
		s.mox(navnIndhold, attr, string(s.b.Indhold))
	}
	s.luk("besked:Beskeddata")
}

// egnePraefikser are the prefixes that our envelopes declare.
func egnePraefikser(praefiks string) bool {
	return praefiks == "besked" || praefiks == "sd" || praefiks == "mox"
}

// delXML cuts XML content into its root element and what stands around it; no root for content that must be carried as
// text.
func delXML(b *mox.Besked) (foer, rod, efter []byte) {
	if !erXML(b.Indholdstype) {
		return nil, nil, nil
	}
	e, ok := selvstaendig(b.Indhold, egnePraefikser)
	if dybde, antal := maal(e); !ok || e.rum == rumMox || dybde > MaksXMLDybde-2 || antal > MaksXMLElementer-kuvertElementer {
		return nil, nil, nil
	}
	return b.Indhold[:e.fra], b.Indhold[e.fra:e.til], b.Indhold[e.til:]
}

// kuvertElementer is more than an envelope of ours has beside its content: seven for each related objekt, two for each value
// of a list, and some hundred.
const kuvertElementer = 20 * mox.MaksFlere

// maal is how deep e is, and how many elements it has.
func maal(e *element) (dybde, antal int) {
	if e == nil {
		return 0, 0
	}
	for _, b := range e.boern {
		d, n := maal(b)
		dybde, antal = max(dybde, d), antal+n
	}
	return dybde + 1, antal + 1
}

func erXML(indholdstype string) bool {
	t := medietype(indholdstype)
	return t == TypeXML || t == "text/xml" || strings.HasSuffix(t, "+xml")
}

// UnmarshalKuvert reads a Haendelsesbesked, of ours or another's. Where it holds more than a besked has fields for
// (several ObjektRegistrering, Beskeddata of another form, Leveranceruter, signatures, comments) the besked's content is
// the whole envelope as it came, of [TypeKuvert]; that is found by writing the besked again and comparing. Form only is
// checked: what a besked must say is for [mox.Besked.Valider].
//
// The error is an [*mox.Error] with [mox.KodeUgyldig] and a Feltfejl for each fault, or [mox.KodeForStor] over
// [MaksBeskedBytes]. spec: mox 6, 7, 8, 9
func UnmarshalKuvert(raa []byte, k Koder) (mox.Besked, error) {
	const op = "oio.UnmarshalKuvert"
	x, err := laesKuvert(op, raa)
	if err != nil {
		return mox.Besked{}, err
	}
	b, err := k.besked(op, x)
	if err != nil {
		return mox.Besked{}, err
	}
	if igen, err := MarshalKuvert(&b, k); err != nil || ErKuvert(b.Indholdstype) || !sammeKuvert(x, igen) {
		b.Indholdstype, b.Indhold = TypeKuvert, slices.Clone(raa)
	}
	return b.MedStandard(), nil
}

// kuvert is an envelope that has the form of one.
type kuvert struct {
	*xmllaeser
	vaerdi    map[string][]string // of its own elements, by path; of several ObjektRegistrering those of the first
	relateret []mox.Relateret     // ids as they stand
	egne      []*element          // in our namespace, in ObjektRegistreringLokalUdvidelse
}

// laesKuvert reads an envelope and holds it against the schema.
func laesKuvert(op string, raa []byte) (*kuvert, error) {
	if len(raa) > MaksBeskedBytes {
		return nil, forStor(op, len(raa), MaksBeskedBytes)
	}
	l, err := laesXML(raa)
	if err != nil {
		return nil, mox.E(op, mox.KodeUgyldig, "kuverten kan ikke læses: %v", err).Med("send en Haendelsesbesked i UTF-8 uden DTD")
	}
	k := &kuvert{xmllaeser: l, vaerdi: map[string][]string{}}
	var fejl laesning
	rod := (*sti)(nil).under(kuvertform.navn)
	if l.rod.rum != rumKuvert || l.rod.navn != kuvertform.navn {
		fejl.afvis(&rod, "rod", "mox 6", "skal være rodelementet, i navnerummet %s", rumKuvert)
	} else {
		k.sammensat(&fejl, &rod, l.rod, kuvertform, "")
	}
	if len(fejl.fejl) > 0 {
		return nil, ugyldig(op, "kuverten er ugyldig", fejl.fejl)
	}
	return k, nil
}

// sammensat reads the elements in e, which stand in the schema's order. mappe is their path.
func (k *kuvert) sammensat(l *laesning, s *sti, e *element, form led, mappe string) {
	if len(bytes.TrimSpace(e.tekst)) > 0 {
		l.afvis(s, "tekst", "mox 6", "har tekst mellem sine elementer")
	}
	nr, antal := 0, 0
	for _, barn := range e.boern {
		fra := nr
		for nr < len(form.dele) && (barn.rum != rumKuvert || barn.navn != form.dele[nr].navn) {
			nr++
		}
		if nr == len(form.dele) {
			uventet(l, s, barn, form)
			nr = fra
			continue
		}
		if nr != fra {
			mangler(l, s, form.dele[fra:nr], antal)
			antal = 0
		}
		antal++
		her := s.under(barn.navn)
		if form.dele[nr].maks != 1 {
			liste := s.under(barn.navn)
			her = liste.post(antal - 1)
		} else if antal > 1 {
			l.afvis(&her, "antal", "mox 6", "må kun stå én gang")
		}
		k.element(l, &her, barn, form.dele[nr], mappe+barn.navn, antal)
	}
	mangler(l, s, form.dele[nr:], antal)
}

// mangler refuses what should have stood and does not. The first of dele has stood antal times.
func mangler(l *laesning, s *sti, dele []led, antal int) {
	for _, d := range dele {
		if d.mindst > antal {
			her := s.under(d.navn)
			l.afvis(&her, "kraevet", "mox 6", "mangler")
		}
		antal = 0
	}
}

func uventet(l *laesning, s *sti, e *element, form led) {
	her := s.under(vist(e.navn))
	igen := e.over.under(e.navn) != e
	switch _, kendt := form.del(e.navn); {
	case kendt && e.rum != rumKuvert:
		l.afvis(&her, "navnerum", "mox 6", "skal stå i navnerummet %s", rumKuvert)
	case kendt && igen:
		l.afvis(&her, "antal", "mox 6", "må kun stå én gang, eller samlet")
	case kendt:
		l.afvis(&her, "orden", "mox 6", "står ikke i skemaets rækkefølge")
	default:
		l.afvis(&her, "ukendt", "mox 6", "kendes ikke her")
	}
}

// element reads one element of the form; nr counts those of its name, from 1.
func (k *kuvert) element(l *laesning, s *sti, e *element, form led, sti string, nr int) {
	switch {
	case form.form == alt:
	case form.form == udvidelse:
		k.udvidelse(l, s, e, form)
	case sti == elRelateret:
		under := kuvert{vaerdi: map[string][]string{}}
		under.sammensat(l, s, e, form, "")
		foerste := func(navn string) string { return strings.Join(under.vaerdi[navn], "") }
		k.relateret = append(k.relateret, mox.Relateret{ID: foerste("ObjektId"), ObjektType: foerste("ObjektType"), Rolle: foerste("ObjektRolle")})
	case form.form == sammensat && nr > 1: // a second ObjektRegistrering is carried, not read
		(&kuvert{vaerdi: map[string][]string{}}).sammensat(l, s, e, form, "")
	case form.form == sammensat:
		k.sammensat(l, s, e, form, sti+"/")
	default:
		if v, ok := enkeltvaerdi(l, s, e, form.form); ok {
			k.vaerdi[sti] = append(k.vaerdi[sti], v)
		}
	}
}

func (k *kuvert) udvidelse(l *laesning, s *sti, e *element, form led) {
	for i, barn := range e.boern {
		switch _, kendt := form.del(barn.navn); {
		case barn.rum == rumMox:
			k.egne = append(k.egne, barn)
		case barn.rum == rumKuvert && (!kendt || i > 0):
			uventet(l, s, barn, form)
		}
	}
}

// enkeltvaerdi reads an element that holds one value.
func enkeltvaerdi(l *laesning, s *sti, e *element, f form) (v string, ok bool) {
	if f == streng {
		if len(e.boern) > 0 {
			l.afvis(s, "type", "mox 6", "skal være tekst")
		}
		return string(e.tekst), len(e.boern) == 0
	}
	navne := map[form][]string{unikid: {"UUIDIdentifikator", "URNIdentifikator"}, aktoerID: {"UUIDIdentifikator"}, tidspunkt: {"TidsstempelDatoTid", "GraenseIndikator"}}[f]
	if len(e.boern) != 1 || e.boern[0].rum != rumSagdok || !slices.Contains(navne, e.boern[0].navn) || len(e.boern[0].boern) > 0 {
		l.afvis(s, "valg", "mox 8", "skal have netop ét af %s, i navnerummet %s", strings.Join(navne, " og "), rumSagdok)
		return "", false
	}
	v = strings.Trim(string(e.boern[0].tekst), " \t\r\n")
	regel, spec, tekst := "", "mox 8", ""
	switch e.boern[0].navn {
	case "UUIDIdentifikator":
		if !mox.ErUUID(strings.ToLower(v)) {
			regel, tekst = "uuid", "er ikke en UUID"
		}
	case "URNIdentifikator":
		if len(v) <= len("urn:") || !strings.EqualFold(v[:len("urn:")], "urn:") {
			regel, tekst = "urn", "er ikke en URN"
		}
	case "GraenseIndikator":
		if v != "true" && v != "1" {
			regel, spec, tekst = "graense", "mox 9", "GraenseIndikator kan kun være true: uden grænse"
		}
		v = graense
	default:
		if t, err := time.Parse(time.RFC3339Nano, v); err != nil || t.UTC().Year() < 1 || t.UTC().Year() > 9999 {
			regel, spec, tekst = "tid", "mox 9", "er ikke et tidspunkt med tidszone (xs:dateTime) i årene 1 til 9999"
		}
	}
	if regel != "" {
		l.afvis(s, regel, spec, "%s", tekst)
	}
	return v, regel == ""
}

// besked is the envelope's metadata, and its content where that has a form of ours.
func (k Koder) besked(op string, x *kuvert) (mox.Besked, error) {
	var l laesning
	b := k.fraElementer(&l, x.vaerdi)
	for _, r := range x.relateret {
		b.Relateret = append(b.Relateret, mox.Relateret{ID: unikID(k.fraID("objektID", r.ID)), ObjektType: k.fraID(KodeObjekttype, r.ObjektType), Rolle: k.fraID(KodeRolle, r.Rolle)})
	}
	foer, efter := k.tillaeg(&l, &b, x.egne)
	x.indhold(&l, &b, foer, efter)
	return b, ugyldig(op, "kuverten er ugyldig", l.fejl)
}

// tillaeg reads the elements of ours: they tell what the envelope's own could not.
func (k Koder) tillaeg(l *laesning, b *mox.Besked, egne []*element) (foer, efter string) {
	felter := map[string][]string{}
	for _, e := range egne {
		her := stien(elUdvidelse + "/" + vist(e.navn))
		v := egenvaerdi(l, her, e)
		switch _, felt := mox.BeskedfeltAf(e.navn); {
		case felt:
			felter[e.navn] = append(felter[e.navn], v)
		case e.navn == navnIndholdstype:
			b.Indholdstype = v
		case e.navn == navnIndholdFoer:
			foer = v
		case e.navn == navnIndholdEfter:
			efter = v
		case naesten(e.navn) != "":
			l.afvis(her, "navn", "mox 11", "skriv %s", naesten(e.navn))
		}
	}
	for _, f := range mox.Beskedfelter() {
		if v, ok := felter[f.Navn]; ok {
			if !f.Flere && len(v) == 1 && v[0] == "" {
				v = nil
			}
			l.saet(stien(elUdvidelse+"/"+f.Navn), &f, b, v)
		}
	}
	return foer, efter
}

func egenvaerdi(l *laesning, s *sti, e *element) string {
	v := string(e.tekst)
	switch kodning, har := e.attributten(attrKodning); {
	case len(e.boern) > 0:
		l.afvis(s, "type", "", "skal være tekst")
	case har && kodning != "base64":
		l.afvis(s, attrKodning, "", "kan kun være base64")
	case har:
		raa, err := base64.StdEncoding.DecodeString(strings.TrimSpace(v))
		if err != nil {
			l.afvis(s, "base64", "", "er ikke base64")
		}
		return string(raa)
	}
	return v
}

// indhold takes the content out of Beskeddata, where there is one with one element.
func (k *kuvert) indhold(l *laesning, b *mox.Besked, foer, efter string) {
	e := k.eneste()
	switch {
	case e == nil:
	case e.rum == rumMox && e.navn == navnIndhold:
		b.Indhold = []byte(egenvaerdi(l, stien("Beskeddata/"+navnIndhold), e))
		if t, ok := e.attributten(navnIndholdstype); ok {
			b.Indholdstype = t
		}
	case k.laant(e):
	default:
		b.Indhold = slices.Concat([]byte(foer), k.raa[e.fra:e.til], []byte(efter))
		if b.Indholdstype == "" {
			b.Indholdstype = TypeXML
		}
	}
}

// laant reports whether e would mean something else outside the envelope.
func (k *kuvert) laant(e *element) bool {
	_, ok := selvstaendig(k.raa[e.fra:e.til], func(praefiks string) bool {
		rum, ok := e.over.slaaOp(praefiks)
		return ok && rum != ""
	})
	return !ok
}

// eneste is the only element in the only Beskeddata; nil when there is no such.
func (k *kuvert) eneste() (ud *element) {
	antal := 0
	for _, d := range k.rod.boern {
		if d.navn == "Beskeddata" {
			antal++
			if len(d.boern) == 1 {
				ud = d.boern[0]
			}
		}
	}
	if antal != 1 {
		return nil
	}
	return ud
}

// sammeKuvert reports whether another envelope says all that x says.
func sammeKuvert(x *kuvert, igen []byte) bool {
	if bytes.Equal(x.raa, igen) {
		return true
	}
	y, err := laesXML(igen)
	return err == nil && !x.andet && sammeElement(x.rod, y.rod)
}

// sammeElement compares two elements of envelopes. Space between elements, prefixes, the zone a time is written in and the
// case of a UUID say nothing.
func sammeElement(x, y *element) bool {
	if x.rum != y.rum || x.navn != y.navn || x.andet || y.andet || len(x.boern) != len(y.boern) || !slices.Equal(x.attr, y.attr) {
		return false
	}
	if x.rum == rumKuvert && len(x.boern) > 0 {
		if len(bytes.TrimSpace(x.tekst)) > 0 {
			return false
		}
	} else if enTekst(x) != enTekst(y) {
		return false
	}
	for i := range x.boern {
		if !sammeElement(x.boern[i], y.boern[i]) {
			return false
		}
	}
	return true
}

func enTekst(e *element) string {
	v := string(e.tekst)
	if e.rum != rumSagdok || len(e.boern) > 0 {
		return v
	}
	v = strings.Trim(v, " \t\r\n")
	switch e.navn {
	case "UUIDIdentifikator":
		return strings.ToLower(v)
	case "TidsstempelDatoTid":
		if t, err := time.Parse(time.RFC3339Nano, v); err == nil {
			return t.UTC().Format(time.RFC3339Nano)
		}
	case "GraenseIndikator":
		return strings.Replace(v, "1", "true", 1)
	}
	return v
}
