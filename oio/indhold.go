package oio

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"github.com/moxkit/mox"
)

// IndholdURN begins a reference to document bytes that are kept apart from every besked: their SHA-256 in hex follows.
// spec: mox 57
const IndholdURN = "urn:mox:indhold:sha256:"

// Kontroller looks into the content of b. Where it is a registrering in JSON, the metadata must agree with it, and what
// can be read from it and the sender left out is filled in (see [mox.Besked.Udfyld]). ok is false for content that is
// carried without being looked into:
//
//   - none, or of another content type than JSON and XML; an envelope must agree as [StemmerKuvert] says, and is looked into
//     where its Beskeddata is a RegistreringBesked of an STS schema, or only our own JSON;
//   - XML that is no RegistreringBesked of an STS schema, or not of the type that the metadata tell, or that cannot be read;
//   - a Kvittering or Fejlbesked, which reports on a delivery, or a Sletning, which orders an erasure;
//   - JSON without a "registrering" in a besked without livscykluskode: an order in the receiver's own form.
//
// JSON in a besked with a livscykluskode must be a registrering: a misspelt name would otherwise pass unseen. Whether the
// registrering obeys the rules of its type is not looked at; see [mox.Registrering.Valider].
//
// The error is an [*mox.Error] of [UnmarshalRegistrering] or with [mox.KodeUenig]. spec: mox 11, 12, 13
func Kontroller(b *mox.Besked) (r mox.Registrering, ok bool, err error) {
	return KontrollerMed(b, Koder{})
}

// KontrollerMed is [Kontroller] where the roles of a registrering in XML are those of k. A role that k does not have is no
// relation that anything is filled in from.
func KontrollerMed(b *mox.Besked, k Koder) (r mox.Registrering, ok bool, err error) {
	const op = "oio.Kontroller"
	if ErKuvert(b.Indholdstype) {
		if err := StemmerKuvert(b, Koder{}); err != nil {
			return mox.Registrering{}, false, iIndhold(err)
		}
	}
	if id, r, ok := registreringIXML(b, k); ok {
		if err := b.Stemmer(id, r); err != nil {
			return mox.Registrering{}, false, err
		}
		b.Udfyld(r)
		return r, true, nil
	}
	if ErKuvert(b.Indholdstype) {
		return iKuvert(op, b)
	}
	v, ok, err := registreringI(op, b)
	if !ok || err != nil {
		return mox.Registrering{}, false, iIndhold(err)
	}
	var l laesning
	t, id, r := l.registreringBesked(&v)
	if len(l.fejl) > 0 {
		return mox.Registrering{}, false, iIndhold(ugyldig(op, "beskedens indhold kan ikke læses", l.fejl))
	}
	if t != b.ObjektType {
		return mox.Registrering{}, false, &mox.Error{Kode: mox.KodeUenig, Op: op, Tekst: "metadata og indhold er uenige", Felter: []mox.Feltfejl{
			{Sti: "objekttype", Regel: "uenig", Spec: "mox 11", Tekst: "siger ét i metadata og et andet i indholdet"}},
			Raad: "dan metadata af det samme indhold, og send med et nyt beskedID"}
	}
	if err := b.Stemmer(id, r); err != nil {
		return mox.Registrering{}, false, err
	}
	b.Udfyld(r)
	return r, true, nil
}

// iKuvert looks for our JSON in a besked whose content is an envelope that agrees with it.
func iKuvert(op string, b *mox.Besked) (r mox.Registrering, ok bool, err error) {
	x, err := laesKuvert(op, b.Indhold)
	if err != nil {
		return r, false, iIndhold(err)
	}
	inderst, err := Koder{}.besked(op, x)
	if err != nil || medietype(inderst.Indholdstype) != TypeJSON {
		return r, false, iIndhold(err)
	}
	uden := *b
	uden.Indholdstype, uden.Indhold = inderst.Indholdstype, inderst.Indhold
	if r, ok, err = Kontroller(&uden); ok {
		b.Udfyld(r)
	}
	return r, ok, err
}

// iIndhold places an error within the content of a besked.
func iIndhold(err error) error {
	var e *mox.Error
	if errors.As(err, &e) {
		for i := range e.Felter {
			e.Felter[i].Sti = navnIndhold + "." + e.Felter[i].Sti
		}
	}
	return err
}

// registreringIXML reads the content of b as XML if it is, or is an envelope with, a registrering of the type that b tells. An index may hold every
// registrering for Importeret, and none can be Rettet, so of those b knows better. spec: oio 1.5
func registreringIXML(b *mox.Besked, k Koder) (id mox.ObjektID, r mox.Registrering, ok bool) {
	if len(b.Indhold) == 0 || b.UdenRegistrering() || !erXML(b.Indholdstype) || !HarXML(b.ObjektType) {
		return "", r, false
	}
	l, err := laesXML(b.Indhold)
	if err != nil {
		return "", r, false
	}
	e := l.rod
	if ErKuvert(b.Indholdstype) {
		e = e.under("Beskeddata").foersteBarn()
	}
	t, ok := erRegistreringBesked(e)
	if !ok || t.Navn != b.ObjektType {
		return "", r, false
	}
	x := xmllaesning{raa: b.Indhold, koder: k, t: t}
	if id, r = x.besked(e); len(x.fejl) > 0 {
		return "", r, false
	}
	if b.LivscyklusKode != "" && (r.LivscyklusKode == mox.Rettet || r.LivscyklusKode == mox.Importeret) {
		r.LivscyklusKode = b.LivscyklusKode
	}
	return id, r, true
}

// MedXML is b with its registrering in XML, where it is JSON and its type has a form in XML that a besked has room for;
// otherwise b as it is. So a besked is told to those who do not read ours.
func MedXML(b mox.Besked, k Koder) mox.Besked {
	if !HarXML(b.ObjektType) {
		return b
	}
	v, ok, err := registreringI("oio.MedXML", &b)
	if !ok || err != nil {
		return b
	}
	var l laesning
	t, id, r := l.registreringBesked(&v)
	if len(l.fejl) > 0 || t != b.ObjektType {
		return b
	}
	if xml, err := MarshalRegistreringXML(t, id, r, k); err == nil {
		b.Indhold, b.Indholdstype = xml, TypeXML
	}
	return b
}

// MedRegistrering lets r be the content of b, in the form that it had.
func MedRegistrering(b *mox.Besked, r mox.Registrering, k Koder) (err error) {
	if erXML(b.Indholdstype) {
		b.Indholdstype = TypeXML // and no longer the envelope that it may have come in
		b.Indhold, err = MarshalRegistreringXML(b.ObjektType, b.ObjektID, r, k)
	} else {
		b.Indhold, err = MarshalRegistrering(b.ObjektType, b.ObjektID, r)
	}
	return err
}

// registreringI reads the content of b as JSON if it is, or must be, a registrering.
func registreringI(op string, b *mox.Besked) (v vaerdi, ok bool, err error) {
	if len(b.Indhold) == 0 || b.UdenRegistrering() || medietype(b.Indholdstype) != TypeJSON {
		return v, false, nil
	}
	v, err = laesBeskedtekst(op, b.Indhold)
	if b.LivscyklusKode == "" && (err != nil || v.find("registrering") == nil) {
		return v, false, nil
	}
	return v, err == nil, err
}

// Indholdshenvisninger lists the document bytes that r refers to in any part of any variant at any time: the SHA-256 in
// lower-case hex of each, once, in the order they stand.
func Indholdshenvisninger(r mox.Registrering) []string {
	var ud []string
	for _, v := range r.Varianter {
		for _, d := range v.Dele {
			for _, a := range d.Egenskaber {
				if sha, ok := indholdssum(a.Felter["indhold"]); ok && !slices.Contains(ud, sha) {
					ud = append(ud, sha)
				}
			}
		}
	}
	return ud
}

// HenviserTil reports whether the registrering in b's content refers to the document bytes with that SHA-256.
func HenviserTil(b *mox.Besked, sha string) bool {
	v, ok, err := registreringI("oio.HenviserTil", b)
	if !ok || err != nil {
		return false
	}
	var l laesning
	_, _, r := l.registreringBesked(&v)
	return len(l.fejl) == 0 && slices.Contains(Indholdshenvisninger(r), sha)
}

func indholdssum(uri string) (string, bool) {
	if len(uri) != len(IndholdURN)+64 || !strings.EqualFold(uri[:len(IndholdURN)], IndholdURN) {
		return "", false
	}
	sha := strings.ToLower(uri[len(IndholdURN):])
	return sha, strings.Trim(sha, "0123456789abcdef") == ""
}

// Referencer lists the objekter that a besked speaks of by UUID: its own first, then those it is related to, in metadata
// and in a registrering in its content, each once. Content that cannot be read adds none.
func Referencer(b *mox.Besked) []mox.ObjektID { return ReferencerMed(b, Koder{}) }

// ReferencerMed is [Referencer] where the roles of a registrering in XML are those of k.
func ReferencerMed(b *mox.Besked, k Koder) []mox.ObjektID {
	s := samling{set: map[mox.ObjektID]bool{}}
	s.laegTil(string(b.ObjektID))
	for _, r := range b.Relateret {
		s.laegTil(r.ID)
	}
	if _, r, ok := registreringIXML(b, k); ok {
		s.registrering(&r)
		return s.ud
	}
	v, ok, err := registreringI("oio.Referencer", b)
	if !ok || err != nil {
		return s.ud
	}
	var l laesning
	if _, _, r := l.registreringBesked(&v); len(l.fejl) == 0 {
		s.registrering(&r)
	}
	return s.ud
}

// samling collects UUIDs, each once, in the order they come.
type samling struct {
	ud  []mox.ObjektID
	set map[mox.ObjektID]bool
}

func (s *samling) laegTil(id string) {
	if o := mox.ObjektID(id); mox.ErUUID(id) && !s.set[o] {
		s.set[o] = true
		s.ud = append(s.ud, o)
	}
}

func (s *samling) registrering(r *mox.Registrering) {
	s.relationer(r.Relationer)
	for _, v := range r.Varianter {
		for _, d := range v.Dele {
			s.relationer(d.Relationer)
		}
	}
}

func (s *samling) relationer(lister map[string][]mox.Relation) {
	for _, navn := range slices.Sorted(maps.Keys(lister)) {
		for _, rel := range lister[navn] {
			s.laegTil(rel.Reference.UUID)
		}
	}
}
