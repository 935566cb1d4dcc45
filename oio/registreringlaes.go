package oio

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/moxkit/mox"
)

// UnmarshalRegistrering reads what [MarshalRegistrering] writes, and what LoRa writes in its place: a tiltidspunkt, which
// the next registrering implies, is read over. It checks form only; whether the registrering obeys the rules of its type
// is for [mox.Registrering.Valider] to say.
//
// The error is an [*mox.Error] with [mox.KodeUgyldig] and a Feltfejl for each fault, with its place in the JSON below
// "registrering": unknown or repeated names, wrong kinds, a virkning without from or to, a reference with both uuid and
// urn, texts that are not UTF-8 or hold NUL, more than [MaksDybde] levels; [mox.KodeForStor] over [MaksBytes].
// spec: oio 4, 6, 21, 50; mox 10
func UnmarshalRegistrering(b []byte) (mox.ObjektType, mox.ObjektID, mox.Registrering, error) {
	const op = "oio.UnmarshalRegistrering"
	v, err := laesBeskedtekst(op, b)
	if err != nil {
		return "", "", mox.Registrering{}, err
	}
	var l laesning
	t, id, r := l.registreringBesked(&v)
	if len(l.fejl) > 0 {
		return "", "", mox.Registrering{}, ugyldig(op, "registreringen kan ikke læses", l.fejl)
	}
	return t, id, r, nil
}

// UnmarshalIndre reads what [MarshalIndre] writes for an objekt of type t. Errors are those of [UnmarshalRegistrering], with
// [MaksIndreBytes] as the limit.
func UnmarshalIndre(t mox.ObjektType, b []byte) (mox.Registrering, error) {
	const op = "oio.UnmarshalIndre"
	type_, err := typeAf(op, t)
	if err != nil {
		return mox.Registrering{}, err
	}
	v, err := laesTop(op, b, MaksIndreBytes, MaksDybde, MaksDybde)
	if err != nil {
		return mox.Registrering{}, err
	}
	var l laesning
	r := l.registrering(type_, &v)
	if len(l.fejl) > 0 {
		return mox.Registrering{}, ugyldig(op, "registreringen kan ikke læses", l.fejl)
	}
	return r, nil
}

// UnmarshalRettelse reads what [mox.Registrering.Ret] takes: as [UnmarshalIndre], but a list that is there and empty is kept.
// passiver reports that it says "livscyklus": "Passiv", which is how the field asks for Passiver (spec: oio 1.7).
func UnmarshalRettelse(t mox.ObjektType, b []byte) (r mox.Registrering, passiver bool, err error) {
	const op = "oio.UnmarshalRettelse"
	type_, err := typeAf(op, t)
	if err != nil {
		return r, false, err
	}
	v, err := laesTop(op, b, MaksIndreBytes, MaksDybde, MaksDybde)
	if err != nil {
		return r, false, err
	}
	l := laesning{tomme: true}
	if nr := slices.IndexFunc(v.medlem, func(m medlem) bool { return m.navn == "livscyklus" }); nr >= 0 {
		her := (*sti)(nil).under("livscyklus")
		if passiver = l.tekst(&her, &v.medlem[nr].vaerdi) == "Passiv"; !passiver {
			l.afvis(&her, "kodeliste", "oio 46", "skal være Passiv eller udelades")
		}
		v.medlem = slices.Delete(v.medlem, nr, nr+1)
	}
	r = l.registrering(type_, &v)
	return r, passiver, ugyldig(op, "rettelsen kan ikke læses", l.fejl)
}

// laesBeskedtekst reads the text of a RegistreringBesked. Places are told below "registrering", as by Valider.
func laesBeskedtekst(op string, b []byte) (vaerdi, error) {
	v, err := laesTop(op, b, MaksBytes, MaksDybde, MaksDybde)
	var e *mox.Error
	if errors.As(err, &e) {
		for i := range e.Felter {
			e.Felter[i].Sti = strings.TrimPrefix(e.Felter[i].Sti, "registrering.")
		}
	}
	return v, err
}

func ukendtType(t string) mox.Feltfejl {
	return mox.Feltfejl{Sti: "objekttype", Regel: "kodeliste", Spec: "mox 4", Tekst: fmt.Sprintf("%q er ikke en af %v", vist(t), mox.ObjektTyper())}
}

func (l *laesning) registreringBesked(v *vaerdi) (t mox.ObjektType, id mox.ObjektID, r mox.Registrering) {
	var indre *vaerdi
	for i := range v.medlem {
		m := &v.medlem[i]
		her := (*sti)(nil).under(m.navn)
		switch m.navn {
		case "objektID":
			id = l.objektID(&her, &m.vaerdi)
		case "objekttype":
			t = mox.ObjektType(l.tekst(&her, &m.vaerdi))
		case "registrering":
			indre = &m.vaerdi
		default:
			l.ukendt(nil, m.navn, "objektID", "objekttype", "registrering")
		}
	}
	if id == "" && v.find("objektID") == nil {
		l.fejl = append(l.fejl, mox.Feltfejl{Sti: "objektID", Regel: "kraevet", Spec: "oio 91", Tekst: "mangler"})
	}
	type_, ok := mox.TypeAf(t)
	if !ok {
		l.fejl = append(l.fejl, ukendtType(string(t)))
		return t, id, r
	}
	her := (*sti)(nil).under("registrering")
	if indre == nil {
		l.afvis(&her, "kraevet", "oio 91", "mangler")
	} else if l.er(&her, indre, objekt) {
		r = l.registrering(type_, indre)
	}
	return t, id, r
}

// objektID reads a UUID; upper case is read, and kept in lower.
func (l *laesning) objektID(s *sti, v *vaerdi) mox.ObjektID {
	id := strings.ToLower(l.tekst(s, v))
	if v.slags == tekst && !mox.ErUUID(id) {
		l.afvis(s, "uuid", "oio 6", "er ikke en UUID")
	}
	return mox.ObjektID(id)
}

func (l *laesning) registrering(t *mox.Type, v *vaerdi) (r mox.Registrering) {
	for i := range v.medlem {
		m := &v.medlem[i]
		her := (*sti)(nil).under(m.navn)
		switch m.navn {
		case "fratidspunkt":
			l.fratidspunkt(&her, &m.vaerdi, &r)
		case "tiltidspunkt": // as LoRa writes it; the next registrering says it
			l.er(&her, &m.vaerdi, objekt)
		case "livscykluskode":
			r.LivscyklusKode = l.livscykluskode(&her, &m.vaerdi)
		case "brugerref":
			r.BrugerRef = l.reference(&her, &m.vaerdi)
		case "note":
			r.NoteTekst = l.tekst(&her, &m.vaerdi)
		case "attributter":
			r.Attributter = l.attributter(&her, t, &m.vaerdi)
		case "tilstande":
			r.Tilstande = l.tilstande(&her, t, &m.vaerdi)
		case "relationer":
			r.Relationer = l.relationer(&her, t.Relationer, &m.vaerdi)
		case "varianter":
			r.Varianter = l.varianter(&her, t, &m.vaerdi)
		case "lokaludvidelser":
			r.LokalUdvidelser = l.udvidelser(&her, &m.vaerdi)
		default:
			l.ukendt(nil, m.navn, "fratidspunkt", "livscykluskode", "brugerref", "note", "attributter", "tilstande", "relationer", "varianter", "lokaludvidelser")
		}
	}
	return r
}

// udvidelser reads what the lists hold of XML; an empty text says that one holds nothing.
func (l *laesning) udvidelser(s *sti, v *vaerdi) map[string]string {
	if !l.er(s, v, objekt) {
		return nil
	}
	ud := make(map[string]string, len(v.medlem))
	for i := range v.medlem {
		m := &v.medlem[i]
		her := s.under(m.navn)
		if !slices.Contains(mox.Udvidelseslister(), m.navn) {
			l.ukendt(s, m.navn, mox.Udvidelseslister()...)
		} else if x := l.xmlElementer(&her, &m.vaerdi); x != "" || l.tomme {
			ud[m.navn] = x
		}
	}
	return ud
}

// xmlElementer reads a text of XML elements, each complete in itself.
func (l *laesning) xmlElementer(s *sti, v *vaerdi) string {
	x := l.tekst(s, v)
	if _, err := stumper(x); err != nil {
		l.afvis(s, "xml", "oio 99", "skal være hele XML-elementer: %v", err)
	}
	return x
}

func (l *laesning) fratidspunkt(s *sti, v *vaerdi, r *mox.Registrering) {
	if !l.er(s, v, objekt) {
		return
	}
	for i := range v.medlem {
		m := &v.medlem[i]
		her := s.under(m.navn)
		switch m.navn {
		case "tidsstempeldatotid":
			t := l.tidspunkt(&her, &m.vaerdi)
			tid, bundet := t.Tid()
			if t.Angivet() && !bundet {
				l.afvis(&her, "tid", "mox 9", "skal være et tidspunkt")
			}
			r.FraTidspunkt = tid
		case "graenseindikator": // LoRa writes it beside the time, and means nothing by it
			l.er(&her, &m.vaerdi, boolsk)
		default:
			l.ukendt(s, m.navn, "tidsstempeldatotid")
		}
	}
}

func (l *laesning) tidspunkt(s *sti, v *vaerdi) mox.Tidspunkt {
	if !l.er(s, v, tekst) {
		return mox.Tidspunkt{}
	}
	t, err := mox.LaesTidspunkt(v.tekst)
	if err != nil {
		l.afvis(s, "tid", "mox 9", "%v", err)
	}
	return t
}

func (l *laesning) livscykluskode(s *sti, v *vaerdi) mox.LivscyklusKode {
	kode, ok := mox.LaesLivscyklusKode(l.tekst(s, v))
	if !ok && v.slags == tekst {
		l.afvis(s, "kodeliste", "mox 10", "%q er ikke en af %v", vist(v.tekst), mox.LivscyklusKoder())
	}
	return kode
}

// lister reads an object of lists: each name is looked up, and each entry of its list read by the function found.
func lister[V any](l *laesning, s *sti, v *vaerdi, find func(navn string) (func(*sti, *vaerdi) V, bool), kendte func() []string) map[string][]V {
	if !l.er(s, v, objekt) {
		return nil
	}
	var ud map[string][]V
	if l.tomme {
		ud = map[string][]V{}
	}
	for i := range v.medlem {
		m := &v.medlem[i]
		laes, ok := find(m.navn)
		if !ok {
			l.ukendt(s, m.navn, kendte()...)
			continue
		}
		her := s.under(m.navn)
		if poster := poster(l, &her, &m.vaerdi, laes); poster != nil {
			if ud == nil {
				ud = make(map[string][]V, len(v.medlem))
			}
			ud[m.navn] = poster
		}
	}
	return ud
}

// poster reads a list of objects.
func poster[V any](l *laesning, s *sti, v *vaerdi, laes func(*sti, *vaerdi) V) []V {
	if !l.er(s, v, liste) || len(v.medlem) == 0 && !l.tomme {
		return nil
	}
	ud := make([]V, 0, len(v.medlem))
	for i := range v.medlem {
		her := s.post(i)
		if x := &v.medlem[i].vaerdi; l.er(&her, x, objekt) {
			ud = append(ud, laes(&her, x))
		}
	}
	return ud
}

func (l *laesning) attributter(s *sti, t *mox.Type, v *vaerdi) map[string][]mox.Attribut {
	return lister(l, s, v, func(navn string) (func(*sti, *vaerdi) mox.Attribut, bool) {
		saet, ok := t.Attribut(navn)
		if !ok || saet.Navn != navn {
			return nil, false
		}
		return func(s *sti, v *vaerdi) mox.Attribut { return l.segment(s, saet.Felter, v) }, true
	}, func() []string { return []string{t.Egenskaber().Navn} })
}

func (l *laesning) segment(s *sti, felter []mox.Felt, v *vaerdi) mox.Attribut {
	a := mox.Attribut{Felter: make(map[string]string, len(v.medlem)), Virkning: l.virkning(s, v)}
	for i := range v.medlem {
		if m := &v.medlem[i]; m.navn != "virkning" {
			l.felt(s, felter, "", m, a.Felter)
		}
	}
	return a
}

// felt reads one field, or an object of fields whose names begin with the same word.
func (l *laesning) felt(s *sti, felter []mox.Felt, forled string, m *medlem, ud map[string]string) {
	navn := forled + m.navn
	f, gruppe := slaaOp(felter, navn)
	switch {
	case strings.Contains(m.navn, "."): // an inner name; on the wire it is an object
		her := s.under(vist(m.navn))
		l.afvis(&her, "ukendt", "oio 50", "kendes ikke; det efter et punktum skrives som et objekt i et objekt")
	case f != nil:
		her := s.under(m.navn)
		if x, ok := l.feltvaerdi(&her, f, &m.vaerdi); ok {
			ud[f.Navn] = x
		}
	case gruppe:
		her := s.under(m.navn)
		if m.slags == ingen || !l.er(&her, &m.vaerdi, objekt) {
			return
		}
		for i := range m.medlem {
			l.felt(&her, felter, navn+".", &m.medlem[i], ud)
		}
	default:
		l.ukendtFelt(s, felter, m.navn)
	}
}

// slaaOp finds the field of a name, or that the name begins those of a group.
func slaaOp(felter []mox.Felt, navn string) (f *mox.Felt, gruppe bool) {
	for i := range felter {
		switch rest, ok := strings.CutPrefix(felter[i].Navn, navn); {
		case ok && rest == "":
			return &felter[i], false
		case ok && rest[0] == '.':
			return nil, true
		}
	}
	return nil, false
}

func (l *laesning) ukendtFelt(s *sti, felter []mox.Felt, navn string) {
	kendte := make([]string, len(felter))
	for i := range felter {
		kendte[i] = felter[i].Navn
	}
	l.ukendt(s, navn, kendte...)
}

// feltvaerdi reads a value of the kind into its canonical text; ok is false for null, which is the same as leaving the
// field out.
func (l *laesning) feltvaerdi(s *sti, f *mox.Felt, v *vaerdi) (x string, ok bool) {
	switch {
	case v.slags == ingen:
		return "", false
	case v.slags == tekst && v.tekst == "":
		return "", true
	case f.Slags == mox.Heltal:
		if l.er(s, v, tal) && !heltal(v.tekst) {
			l.afvis(s, "type", "oio 50", "er ikke et helt tal")
		}
	case f.Slags == mox.Boolsk:
		l.er(s, v, boolsk)
	case f.Slags == mox.Liste:
		return l.listevaerdi(s, f, v), true
	default:
		l.er(s, v, tekst)
	}
	return v.tekst, true
}

// listevaerdi reads a list of texts or of objects into its canonical text; an empty list clears the field, as "" does.
func (l *laesning) listevaerdi(s *sti, f *mox.Felt, v *vaerdi) string {
	if !l.er(s, v, liste) || len(v.medlem) == 0 {
		return ""
	}
	var ud skriver
	ud.aabn('[')
	for i := range v.medlem {
		her, m := s.post(i), &v.medlem[i].vaerdi
		switch {
		case f.Under == nil:
			ud.tekst(&her, l.tekst(&her, m))
		case l.er(&her, m, objekt):
			felter := make(map[string]string, len(m.medlem))
			for j := range m.medlem {
				l.felt(&her, f.Under, "", &m.medlem[j], felter)
			}
			ud.aabn('{')
			ud.felter(&her, f.Under, felter)
			ud.luk('}')
		}
	}
	ud.luk(']')
	l.fejl = append(l.fejl, ud.fejl...)
	return string(ud.b)
}

// virkning reads the virkning of an entry. spec: oio 20, 21
func (l *laesning) virkning(over *sti, entry *vaerdi) (ud mox.Virkning) {
	s := over.under("virkning")
	v := entry.find("virkning")
	if v == nil {
		l.afvis(&s, "kraevet", "oio 20", "mangler")
		return ud
	}
	if !l.er(&s, v, objekt) {
		return ud
	}
	for i := range v.medlem {
		m := &v.medlem[i]
		her := s.under(m.navn)
		switch m.navn {
		case "from":
			ud.Fra = l.tidspunkt(&her, &m.vaerdi)
		case "to":
			ud.Til = l.tidspunkt(&her, &m.vaerdi)
		case "from_included", "to_included":
			l.halvaaben(&her, &m.vaerdi)
		case "aktoerref":
			ud.AktoerRef = l.reference(&her, &m.vaerdi)
		case "aktoertypekode":
			ud.AktoerTypeKode = l.tekst(&her, &m.vaerdi)
		case "notetekst":
			ud.NoteTekst = l.tekst(&her, &m.vaerdi)
		default:
			l.ukendt(&s, m.navn, "from", "to", "from_included", "to_included", "aktoerref", "aktoertypekode", "notetekst")
		}
	}
	l.kraev(&s, v, "from", "to")
	return ud
}

func (l *laesning) kraev(s *sti, v *vaerdi, navne ...string) {
	for _, n := range navne {
		if v.find(n) == nil {
			her := s.under(n)
			l.afvis(&her, "kraevet", "oio 21", "mangler")
		}
	}
}

// halvaaben refuses a virkning that says it is not [from, to): LoRa ignores that, and keeps another time than was meant.
func (l *laesning) halvaaben(s *sti, v *vaerdi) {
	if l.er(s, v, boolsk) && v.tekst != strconv.FormatBool(s.navn == "from_included") {
		l.afvis(s, "interval", "oio 17", "from er altid med i en virkning, og to er aldrig med")
	}
}

func (l *laesning) tilstande(s *sti, t *mox.Type, v *vaerdi) map[string][]mox.Tilstand {
	return lister(l, s, v, func(navn string) (func(*sti, *vaerdi) mox.Tilstand, bool) {
		tv, ok := t.Tilstand(navn)
		if !ok || tv.Navn != navn {
			return nil, false
		}
		return func(s *sti, v *vaerdi) mox.Tilstand { return l.tilstand(s, tv.Felt, v) }, true
	}, func() []string { return []string{t.Tilstande[0].Navn} })
}

func (l *laesning) tilstand(s *sti, felt string, v *vaerdi) mox.Tilstand {
	ud := mox.Tilstand{Virkning: l.virkning(s, v)}
	for i := range v.medlem {
		m := &v.medlem[i]
		her := s.under(m.navn)
		switch m.navn {
		case felt:
			ud.Vaerdi = l.tekst(&her, &m.vaerdi)
		case "virkning":
		default:
			l.ukendt(s, m.navn, felt, "virkning")
		}
	}
	l.kraev(s, v, felt)
	return ud
}

func (l *laesning) relationer(s *sti, typer []mox.RelationType, v *vaerdi) map[string][]mox.Relation {
	return lister(l, s, v, func(navn string) (func(*sti, *vaerdi) mox.Relation, bool) {
		nr := slices.IndexFunc(typer, func(rt mox.RelationType) bool { return rt.Navn == navn })
		if nr < 0 {
			return nil, false
		}
		return func(s *sti, v *vaerdi) mox.Relation { return l.relation(s, &typer[nr], v) }, true
	}, func() []string { return relationsnavne(typer) })
}

func relationsnavne(typer []mox.RelationType) []string {
	ud := make([]string, len(typer))
	for i := range typer {
		ud[i] = typer[i].Navn
	}
	return ud
}

func (l *laesning) relation(s *sti, rt *mox.RelationType, v *vaerdi) mox.Relation {
	ud := mox.Relation{Virkning: l.virkning(s, v)}
	for i := range v.medlem {
		m := &v.medlem[i]
		her := s.under(m.navn)
		switch m.navn {
		case "uuid":
			ud.Reference.UUID = string(l.relationUUID(&her, &m.vaerdi))
		case "urn":
			ud.Reference.URN = l.relationURN(&her, &m.vaerdi)
		case "objekttype":
			ud.ObjektType = l.tekst(&her, &m.vaerdi)
		case "indeks":
			ud.Indeks = l.indeks(&her, &m.vaerdi)
		case "lokaludvidelse":
			ud.LokalUdvidelse = l.xmlElementer(&her, &m.vaerdi)
		case "virkning":
		default:
			if ud.Felter == nil && len(rt.Felter) > 0 {
				ud.Felter = map[string]string{}
			}
			l.felt(s, rt.Felter, "", m, ud.Felter)
		}
	}
	if ud.Reference.UUID != "" && ud.Reference.URN != "" {
		l.afvis(s, "reference", "oio 4", "må ikke have både uuid og urn")
	}
	return ud
}

func (l *laesning) relationUUID(s *sti, v *vaerdi) mox.ObjektID {
	if v.tekst == "" {
		l.tekst(s, v)
		return ""
	}
	return l.objektID(s, v)
}

func (l *laesning) relationURN(s *sti, v *vaerdi) string {
	urn := l.tekst(s, v)
	if urn != "" && !mox.ErURN(urn) {
		l.afvis(s, "urn", "oio 7", "er ikke en URN")
	}
	return urn
}

const maksIndeks = 1_000_000

func (l *laesning) indeks(s *sti, v *vaerdi) int {
	if v.slags == ingen || !l.er(s, v, tal) {
		return 0
	}
	n, err := strconv.Atoi(v.tekst)
	if err != nil || n < 1 || n > maksIndeks {
		l.afvis(s, "vaerdi", "oio 50", "skal være et helt tal fra 1 til %d", maksIndeks)
	}
	return n
}

func (l *laesning) varianter(s *sti, t *mox.Type, v *vaerdi) []mox.Variant {
	if !t.Varianter {
		l.afvis(s, "ukendt", "oio 50", "%s har ikke varianter", t.Navn)
		return nil
	}
	return poster(l, s, v, func(s *sti, v *vaerdi) (ud mox.Variant) {
		for i := range v.medlem {
			m := &v.medlem[i]
			her := s.under(m.navn)
			switch m.navn {
			case "varianttekst":
				ud.VariantTekst = l.tekst(&her, &m.vaerdi)
			case "egenskaber":
				ud.Egenskaber = poster(l, &her, &m.vaerdi, func(s *sti, v *vaerdi) mox.Attribut { return l.segment(s, t.Variant, v) })
			case "dele":
				ud.Dele = poster(l, &her, &m.vaerdi, func(s *sti, v *vaerdi) mox.Del { return l.del(s, t, v) })
			default:
				l.ukendt(s, m.navn, "varianttekst", "egenskaber", "dele")
			}
		}
		return ud
	})
}

func (l *laesning) del(s *sti, t *mox.Type, v *vaerdi) (ud mox.Del) {
	for i := range v.medlem {
		m := &v.medlem[i]
		her := s.under(m.navn)
		switch m.navn {
		case "deltekst":
			ud.DelTekst = l.tekst(&her, &m.vaerdi)
		case "egenskaber":
			ud.Egenskaber = poster(l, &her, &m.vaerdi, func(s *sti, v *vaerdi) mox.Attribut { return l.segment(s, t.Del, v) })
		case "relationer":
			ud.Relationer = l.relationer(&her, delrelationer[:], &m.vaerdi)
		default:
			l.ukendt(s, m.navn, "deltekst", "egenskaber", "relationer")
		}
	}
	return ud
}
