package oio

import (
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/moxkit/mox"
)

// UnmarshalRegistreringXML reads a RegistreringBesked in XML, of ours or another's. Elements are known by their names; their
// order is not looked at. Both shapes of Registrering are read: FraTidspunkt of OIO 1.1, and Tidspunkt of the STS profile. A
// missing LivscyklusKode is Rettet, a virkning without TilTidspunkt has no end, an empty element is no value, and StsTidspunkt,
// which an index sets itself, is read over. What others have in LokalUdvidelse, and relations in roles that we have no name for, are
// carried as they stand. spec: oio 19, 22, 99
//
// The error is an [*mox.Error]: [mox.KodeUgyldig] with a Feltfejl for each fault, at the same places as in JSON;
// [mox.KodeForStor] over [MaksBytes]. The limits on XML are [MaksXMLDybde], [MaksXMLElementer] and [MaksXMLAttributter].
func UnmarshalRegistreringXML(b []byte, k Koder) (mox.ObjektType, mox.ObjektID, mox.Registrering, error) {
	const op = "oio.UnmarshalRegistreringXML"
	fejl := func(err error) (mox.ObjektType, mox.ObjektID, mox.Registrering, error) {
		return "", "", mox.Registrering{}, err
	}
	if len(b) > MaksBytes {
		return fejl(forStor(op, len(b), MaksBytes))
	}
	l, err := laesXML(b)
	if err != nil {
		return fejl(mox.E(op, mox.KodeUgyldig, "registreringen kan ikke læses: %v", err).Med("send en RegistreringBesked i UTF-8 uden DTD"))
	}
	t, ok := erRegistreringBesked(l.rod)
	if !ok {
		return fejl(mox.E(op, mox.KodeUgyldig, "rodelementet er ikke en RegistreringBesked, som kendes").Med("brug et af skemaernes navnerum, for eksempel urn:oio:sts:sagdok:sag:1.2.4.0"))
	}
	x := xmllaesning{raa: b, koder: k, t: t}
	id, r := x.besked(l.rod)
	if len(x.fejl) > 0 {
		return fejl(ugyldig(op, "registreringen kan ikke læses", x.fejl))
	}
	return t.Navn, id, r, nil
}

func erRegistreringBesked(e *element) (*mox.Type, bool) {
	if e == nil {
		return nil, false
	}
	t, ok := mox.TypeVedSkema(e.rum)
	return t, ok && e.navn == "RegistreringBesked"
}

// xmllaesning reads a registrering of its type.
type xmllaesning struct {
	laesning
	raa     []byte // the whole text
	koder   Koder
	t       *mox.Type
	tillaeg map[string]string           // what the elements do not tell, by its place
	andres  map[string]*strings.Builder // what others have in each list's LokalUdvidelse
	baaret  int                         // bytes of that
}

func (x *xmllaesning) besked(e *element) (id mox.ObjektID, r mox.Registrering) {
	var reg *element
	for _, b := range e.boern {
		switch b.navn {
		case "UUIDIdentifikator":
			id = x.uuid("objektID", b)
		case "ObjektID":
			id = mox.ObjektID(x.unikID("objektID", b).UUID)
		case "Registrering":
			reg = b
		default:
			x.uventet("", b)
		}
	}
	switch {
	case reg == nil:
		x.afvis(sted("registrering"), "kraevet", "oio 91", "mangler")
	case id == "" && len(x.fejl) == 0:
		x.afvis(sted("objektID"), "kraevet", "oio 91", "mangler en UUID")
	default:
		r = x.registrering(reg)
	}
	return id, r
}

// registrering reads an element with the head and lists of a Registrering, or some of them. A list that is there is not nil.
func (x *xmllaesning) registrering(e *element) (r mox.Registrering) {
	r.LivscyklusKode = mox.Rettet
	x.andres = map[string]*strings.Builder{}
	x.findTillaeg(e)
	for _, b := range e.boern {
		switch b.navn {
		case "NoteTekst":
			r.NoteTekst = x.enTekst("note", b)
		case "Tidspunkt":
			r.FraTidspunkt, _ = x.dateTime("fratidspunkt", b).Tid()
		case "FraTidspunkt":
			t, bundet := x.tidspunktXML("fratidspunkt", b, mox.MinusUendelig).Tid()
			if r.FraTidspunkt = t; !bundet && len(x.fejl) == 0 {
				x.afvis(sted("fratidspunkt"), "tid", "mox 9", "skal være et tidspunkt")
			}
		case "StsTidspunkt":
		case "LivscyklusKode":
			r.LivscyklusKode = x.livscyklus(b)
		case "BrugerRef":
			r.BrugerRef = x.unikID("brugerref", b)
		case "AttributListe", "TilstandListe", "RelationListe", "VariantListe":
		default:
			x.uventet("", b)
		}
	}
	x.lister(e, &r)
	x.gemAndres(&r)
	x.tag("note", &r.NoteTekst)
	x.tagURN("brugerref", &r.BrugerRef)
	for _, sti := range slices.Sorted(maps.Keys(x.tillaeg)) {
		x.afvis(sted(vist(sti)), "ukendt", "oio 50", "står som tillæg og hører ikke til noget")
	}
	return r
}

func (x *xmllaesning) lister(e *element, r *mox.Registrering) {
	for _, b := range e.boern {
		switch b.navn {
		case "AttributListe":
			r.Attributter = x.attributterXML(b)
		case "TilstandListe":
			r.Tilstande = x.tilstandeXML(b)
		case "RelationListe":
			r.Relationer = x.relationerXML(b)
		case "VariantListe":
			r.Varianter = x.varianterXML(b)
		}
	}
}

func (x *xmllaesning) livscyklus(e *element) mox.LivscyklusKode {
	kode, ok := mox.LaesLivscyklusKode(strings.TrimSpace(x.enTekst("livscykluskode", e)))
	if !ok {
		x.afvis(sted("livscykluskode"), "kodeliste", "mox 10", "er ikke en af %v", mox.LivscyklusKoder())
	}
	return kode
}

// uventet refuses an element that has no name here.
func (x *xmllaesning) uventet(sti string, e *element) {
	if sti != "" {
		sti += "."
	}
	x.afvis(sted(sti+vist(e.navn)), "ukendt", "oio 50", "er et element, der ikke kendes her")
}

// findTillaeg finds what we ourselves have told beside the elements.
func (x *xmllaesning) findTillaeg(reg *element) {
	x.tillaeg = map[string]string{}
	for _, liste := range reg.boern {
		for _, pi := range liste.egne {
			navn, kodet, _ := strings.Cut(strings.TrimSpace(pi), " ")
			x.nytTillaeg(navn, kodet, true)
		}
		for _, udvidelse := range liste.boern {
			for _, e := range udvidelse.boern {
				if erUdvidelse(udvidelse) && erVaerdi(e) {
					navn, _ := e.attributten(attrSti)
					kodning, _ := e.attributten(attrKodning)
					x.nytTillaeg(navn, x.enTekst("lokaludvidelser", e), kodning == "base64")
				}
			}
		}
	}
}

func (x *xmllaesning) nytTillaeg(navn, v string, kodet bool) {
	if _, to := x.tillaeg[navn]; to || navn == "" {
		x.afvis(sted("lokaludvidelser"), "entydig", "oio 99", "har et tillæg, der står to gange eller ikke siger, hvor det hører til")
	}
	if kodet {
		b, err := base64.StdEncoding.DecodeString(v)
		if err != nil || !erTekst(string(b)) {
			x.afvis(sted("lokaludvidelser"), "vaerdi", "oio 99", "har et tillæg, der ikke er gyldig base64")
		}
		v = string(b)
	}
	x.tillaeg[navn] = v
}

func erUdvidelse(e *element) bool {
	return e.navn == "LokalUdvidelseListe" || e.navn == "LokalUdvidelse"
}

func erVaerdi(e *element) bool { return e.rum == rumRegistreringen && e.navn == navnVaerdi }

// tag lets a value that is told beside the elements be v.
func (x *xmllaesning) tag(sti string, v *string) {
	if t, ok := x.tillaeg[sti]; ok {
		*v = t
		delete(x.tillaeg, sti)
	}
}

func (x *xmllaesning) tagURN(sti string, r *mox.Reference) {
	var v string
	if x.tag(sti, &v); v == "" {
		return
	}
	ref, err := mox.LaesReference(v)
	if *r = ref; err != nil {
		x.afvis(sted(sti), "reference", "oio 6", "%v", err)
	}
}

// fremmede keeps what others have in a list's LokalUdvidelse.
func (x *xmllaesning) fremmede(liste string, e *element) {
	for _, b := range e.boern {
		if !erVaerdi(b) {
			x.gem(liste, b)
		}
	}
}

func (x *xmllaesning) gem(liste string, e *element) {
	if x.andres[liste] == nil {
		x.andres[liste] = &strings.Builder{}
	}
	x.andres[liste].WriteString(x.baer(e))
}

// baer is an element as it can stand by itself. The namespaces that each must then declare may be many times as long as the text
// was, so there is an end to that.
func (x *xmllaesning) baer(e *element) string {
	if x.baaret > MaksBytes {
		return ""
	}
	ud := selvbaerende(x.raa, e)
	if x.baaret += len(ud); x.baaret > MaksBytes {
		x.afvis(sted("lokaludvidelser"), "antal", "", "fylder mere end %d bytes, når hvert element har sine navnerum med", MaksBytes)
	}
	return ud
}

func (x *xmllaesning) gemAndres(r *mox.Registrering) {
	for _, liste := range mox.Udvidelseslister() {
		v := ""
		if b := x.andres[liste]; b != nil {
			v = b.String()
		}
		if x.tag("lokaludvidelser."+liste, &v); v == "" {
			continue
		}
		if _, err := stumper(v); err != nil {
			x.afvis(sted("lokaludvidelser."+liste), "xml", "oio 99", "%v", err)
		}
		if r.LokalUdvidelser == nil {
			r.LokalUdvidelser = map[string]string{}
		}
		r.LokalUdvidelser[liste] = v
	}
}

// xmlPoster reads the entries of a list: each that is told beside the elements stands at its number, and the elements stand in
// the places between.
func xmlPoster[V any](x *xmllaesning, liste string, elementer []*element, laes func(her string, e *element) V, laesJSON func(s *sti, v *vaerdi) V) []V {
	var ud []V
	for {
		her := liste + "[" + strconv.Itoa(len(ud)) + "]"
		if raa, ok := x.tillaeg[her]; ok && laesJSON != nil {
			delete(x.tillaeg, her)
			v, fejl := laesJSONtekst(raa)
			if fejl {
				x.afvis(sted(her), "type", "oio 50", "er ikke et objekt i JSON")
			}
			ud = append(ud, laesJSON(sted(her), &v))
			continue
		}
		if len(elementer) == 0 {
			return ud
		}
		ud = append(ud, laes(her, elementer[0]))
		elementer = elementer[1:]
	}
}

func laesJSONtekst(raa string) (v vaerdi, fejl bool) {
	v, jsonfejl := laesJSON([]byte(raa), MaksDybde, MaksDybde)
	return v, jsonfejl != nil || v.slags != objekt
}

func (x *xmllaesning) attributterXML(e *element) map[string][]mox.Attribut {
	saet := x.t.Egenskaber()
	var l []*element
	for _, b := range e.boern {
		switch {
		case b.navn == saet.XML:
			l = append(l, b)
		case erUdvidelse(b):
			x.fremmede("attributter", b)
		default:
			x.uventet("attributter", b)
		}
	}
	return somListe(saet.Navn, xmlPoster(x, "attributter."+saet.Navn, l, func(her string, e *element) mox.Attribut { return x.egenskab(her, saet.Felter, e) }, nil))
}

func somListe[V any](navn string, l []V) map[string][]V {
	ud := map[string][]V{}
	if len(l) > 0 {
		ud[navn] = l
	}
	return ud
}

func (x *xmllaesning) egenskab(her string, felter []mox.Felt, e *element) mox.Attribut {
	a := mox.Attribut{Felter: map[string]string{}, Virkning: x.virkningXML(her, e)}
	x.felterXML(her, felter, "", e, a.Felter)
	x.feltertillaeg(her, felter, a.Felter)
	return a
}

func (x *xmllaesning) feltertillaeg(her string, felter []mox.Felt, ud map[string]string) {
	for i := range felter {
		if v, ok := x.tillaeg[her+"."+felter[i].Navn]; ok {
			x.tag(her+"."+felter[i].Navn, &v)
			ud[felter[i].Navn] = v
		}
	}
}

// praefikser takes the prefixes out of a path.
//
//arch:fixed a Replacer is never changed, and any number of goroutines may use it
var praefikser = strings.NewReplacer("sd:", "", "of:", "", "o:", "")

// bar is a path of the table without prefixes.
func bar(sti string) string { return praefikser.Replace(sti) }

// felterXML reads the fields that stand in e; forled is their path so far.
func (x *xmllaesning) felterXML(her string, felter []mox.Felt, forled string, e *element, ud map[string]string) {
	lister := map[int][]*element{}
	for _, b := range e.boern {
		navn := forled + b.navn
		nr := slices.IndexFunc(felter, func(f mox.Felt) bool { return bar(f.XML) == navn })
		gruppe := slices.ContainsFunc(felter, func(f mox.Felt) bool { return strings.HasPrefix(bar(f.XML), navn+"/") })
		switch {
		case nr >= 0 && felter[nr].Slags == mox.Liste:
			lister[nr] = append(lister[nr], b)
		case nr >= 0:
			if v := x.feltXML(her, &felter[nr], b); v != "" {
				ud[felter[nr].Navn] = v
			}
		case gruppe:
			x.felterXML(her, felter, navn+"/", b, ud)
		case forled == "" && b.navn == "Virkning":
		default:
			x.uventet(her, b)
		}
	}
	for nr, l := range lister {
		if v := x.listeXML(her, &felter[nr], l); v != "" {
			ud[felter[nr].Navn] = v
		}
	}
}

// enTekst is the text of an element without others in it.
func (x *xmllaesning) enTekst(her string, e *element) string {
	if len(e.boern) > 0 {
		x.afvis(sted(her), "type", "oio 50", "skal være tekst")
	}
	if v := string(e.tekst); erTekst(v) {
		return v
	}
	x.afvis(sted(her), "tekst", "oio 50", "er ikke gyldig tekst (UTF-8 uden NUL)")
	return ""
}

// feltXML reads a value into its canonical text; an empty element is none.
func (x *xmllaesning) feltXML(her string, f *mox.Felt, e *element) string {
	her += "." + f.Navn
	v := x.enTekst(her, e)
	if f.Slags != mox.Tekst || f.Base64 {
		v = strings.TrimSpace(v)
	}
	if v == "" {
		return ""
	}
	switch {
	case f.Base64:
		b, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(v), ""))
		if err != nil {
			x.afvis(sted(her), "type", "oio 50", "er ikke base64")
		}
		return somTekst(b)
	case f.Slags == mox.Heltal:
		n, err := strconv.ParseInt(v, 10, 64)
		if err != nil {
			x.afvis(sted(her), "type", "oio 50", "er ikke et helt tal")
		}
		return strconv.FormatInt(n, 10)
	case f.Slags == mox.Boolsk:
		return x.boolsk(her, v)
	case f.Slags == mox.Dato && len(v) > len(time.DateOnly): // xs:date may have a zone, which says nothing of a day
		if _, err := time.Parse("2006-01-02Z07:00", v); err == nil {
			return v[:len(time.DateOnly)]
		}
	}
	return v
}

func (x *xmllaesning) boolsk(her, v string) string {
	switch v {
	case "true", "1":
		return "true"
	case "false", "0":
		return "false"
	}
	x.afvis(sted(her), "type", "oio 50", "er ikke true eller false")
	return ""
}

func (x *xmllaesning) listeXML(her string, f *mox.Felt, l []*element) string {
	var poster []map[int]string
	her += "." + f.Navn
	for _, e := range l {
		p := map[int]string{}
		if f.Under == nil {
			p[0] = x.enTekst(her, e)
		} else {
			v := map[string]string{}
			x.felterXML(her, f.Under, "", e, v)
			for i := range f.Under {
				p[i] = v[f.Under[i].Navn]
			}
		}
		poster = append(poster, p)
	}
	return listetekst(f, poster)
}

func barn(e *element, navn string) *element {
	for _, b := range e.boern {
		if b.navn == navn {
			return b
		}
	}
	return nil
}

// virkningXML reads the virkning of an entry. One that is not there is for [mox.Registrering.Valider] to refuse.
func (x *xmllaesning) virkningXML(over string, entry *element) (v mox.Virkning) {
	e := barn(entry, "Virkning")
	if e == nil {
		return v
	}
	her := over + ".virkning"
	v.Til = mox.Uendelig // spec: oio 22
	for _, b := range e.boern {
		switch b.navn {
		case "FraTidspunkt":
			v.Fra = x.tidspunktXML(her+".from", b, mox.MinusUendelig)
		case "TilTidspunkt":
			v.Til = x.tidspunktXML(her+".to", b, mox.Uendelig)
		case "AktoerRef":
			v.AktoerRef = x.unikID(her+".aktoerref", b)
		case "AktoerTypeKode":
			v.AktoerTypeKode = strings.TrimSpace(x.enTekst(her+".aktoertypekode", b))
		case "NoteTekst":
			v.NoteTekst = x.enTekst(her+".notetekst", b)
		default:
			x.uventet(her, b)
		}
	}
	x.tagURN(her+".aktoerref", &v.AktoerRef)
	x.tag(her+".aktoertypekode", &v.AktoerTypeKode)
	x.tag(her+".notetekst", &v.NoteTekst)
	return v
}

// tidspunktXML reads a Tidspunkt; its GraenseIndikator means graense.
func (x *xmllaesning) tidspunktXML(her string, e *element, graense mox.Tidspunkt) mox.Tidspunkt {
	if len(e.boern) == 1 && e.boern[0].navn == "GraenseIndikator" && x.boolsk(her, strings.TrimSpace(string(e.boern[0].tekst))) == "true" {
		return graense
	}
	if len(e.boern) == 1 && e.boern[0].navn == "TidsstempelDatoTid" {
		return x.dateTime(her, e.boern[0])
	}
	x.afvis(sted(her), "tid", "mox 9", "skal have enten TidsstempelDatoTid eller GraenseIndikator, som er true")
	return mox.Tidspunkt{}
}

func (x *xmllaesning) dateTime(her string, e *element) mox.Tidspunkt {
	v := strings.TrimSpace(x.enTekst(her, e))
	_, err := time.Parse(time.RFC3339Nano, v)
	t, err2 := mox.LaesTidspunkt(v)
	if err != nil || err2 != nil {
		x.afvis(sted(her), "tid", "mox 9", "er ikke et tidspunkt med tidszone (xs:dateTime) i årene 1 til 9999")
		return mox.Tidspunkt{}
	}
	return t
}

// unikID reads a reference: exactly one of UUIDIdentifikator and URNIdentifikator. spec: oio 4, 5
func (x *xmllaesning) unikID(her string, e *element) (r mox.Reference) {
	if len(e.boern) != 1 || e.boern[0].navn != "UUIDIdentifikator" && e.boern[0].navn != "URNIdentifikator" {
		x.afvis(sted(her), "reference", "oio 4", "skal have netop én af UUIDIdentifikator og URNIdentifikator")
		return r
	}
	if e.boern[0].navn == "UUIDIdentifikator" {
		return mox.Reference{UUID: string(x.uuid(her, e.boern[0]))}
	}
	v := strings.TrimSpace(x.enTekst(her, e.boern[0]))
	if !mox.ErURN(v) {
		x.afvis(sted(her), "urn", "oio 7", "er ikke en URN")
	}
	return mox.Reference{URN: v}
}

func (x *xmllaesning) uuid(her string, e *element) mox.ObjektID {
	v := strings.ToLower(strings.TrimSpace(x.enTekst(her, e)))
	if !mox.ErUUID(v) {
		x.afvis(sted(her), "uuid", "oio 6", "er ikke en UUID")
	}
	return mox.ObjektID(v)
}

func (x *xmllaesning) tilstandeXML(e *element) map[string][]mox.Tilstand {
	ud := map[string][]mox.Tilstand{}
	elementer := map[string][]*element{}
	for _, b := range e.boern {
		nr := slices.IndexFunc(x.t.Tilstande, func(tv mox.TilstandVar) bool { return foerste(bar(tv.XML), 1)[0] == b.navn })
		switch {
		case nr >= 0:
			elementer[x.t.Tilstande[nr].Navn] = append(elementer[x.t.Tilstande[nr].Navn], b)
		case erUdvidelse(b):
			x.fremmede("tilstande", b)
		default:
			x.uventet("tilstande", b)
		}
	}
	for i := range x.t.Tilstande {
		tv := &x.t.Tilstande[i]
		maps.Copy(ud, somListe(tv.Navn, xmlPoster(x, "tilstande."+tv.Navn, elementer[tv.Navn], func(her string, e *element) mox.Tilstand { return x.tilstandXML(her, tv, e) }, nil)))
	}
	return ud
}

func (x *xmllaesning) tilstandXML(her string, tv *mox.TilstandVar, e *element) mox.Tilstand {
	ud := mox.Tilstand{Virkning: x.virkningXML(her, e)}
	_, indre, _ := strings.Cut(bar(tv.XML), "/")
	for _, b := range e.boern {
		switch b.navn {
		case indre:
			if ud.Vaerdi = strings.TrimSpace(x.enTekst(her+"."+tv.Felt, b)); indre == publiceretElement {
				ud.Vaerdi = map[string]string{"true": "Publiceret", "false": "IkkePubliceret"}[x.boolsk(her+"."+tv.Felt, ud.Vaerdi)]
			}
		case "Virkning":
		default:
			x.uventet(her, b)
		}
	}
	return ud
}

func (x *xmllaesning) varianterXML(e *element) []mox.Variant {
	if !x.t.Varianter {
		x.uventet("", e)
		return nil
	}
	ud := []mox.Variant{}
	for _, b := range e.boern {
		switch {
		case b.navn == "Variant":
			ud = append(ud, x.variantXML(fmt.Sprintf("varianter[%d]", len(ud)), b))
		case erUdvidelse(b):
			x.fremmede("varianter", b)
		default:
			x.uventet("varianter", b)
		}
	}
	return ud
}

func (x *xmllaesning) variantXML(her string, e *element) (v mox.Variant) {
	var l []*element
	for _, b := range e.boern {
		switch b.navn {
		case "Variant":
			v.VariantTekst = x.enTekst(her+".varianttekst", b)
		case "Egenskaber":
			l = append(l, b)
		default:
			x.uventet(her, b)
		}
	}
	x.tag(her+".varianttekst", &v.VariantTekst)
	v.Egenskaber = xmlPoster(x, her+".egenskaber", l, func(her string, e *element) mox.Attribut { return x.egenskab(her, x.t.Variant, e) }, nil)
	v.Dele = xmlPoster(x, her+".dele", nil, nil, func(s *sti, v *vaerdi) mox.Del { return x.del(s, x.t, v) })
	return v
}
